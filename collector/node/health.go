package node

import "context"

// QuickCheck reads the file through; see store.DB.
func (n *DB) QuickCheck(ctx context.Context) error { return n.db.QuickCheck(ctx) }

// SchemaVersion returns the version of what the file holds.
func (n *DB) SchemaVersion(ctx context.Context) (int, error) { return n.db.SchemaVersion(ctx) }
