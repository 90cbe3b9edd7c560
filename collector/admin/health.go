package admin

import "context"

// QuickCheck reads the file through; see store.DB.
func (a *DB) QuickCheck(ctx context.Context) error { return a.db.QuickCheck(ctx) }

// SchemaVersion returns the version of what the file holds.
func (a *DB) SchemaVersion(ctx context.Context) (int, error) { return a.db.SchemaVersion(ctx) }
