package store

import (
	"context"
	"fmt"
)

// QuickCheck reads the file through while others use it, and holds nobody up:
// ErrCorrupt if its structure is not sound. It takes as long as the file is
// large; what is found until ctx ends is not told.
func (db *DB) QuickCheck(ctx context.Context) error {
	err := db.View(ctx, func(tx *Tx) error { return sound(ctx, tx, "quick_check(1)") })
	if err != nil {
		return fmt.Errorf("%s: %w", db.path, err)
	}
	return nil
}

// SchemaVersion returns the version of what the file holds.
func (db *DB) SchemaVersion(ctx context.Context) (version int, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	})
	if err != nil {
		return 0, fmt.Errorf("%s: read schema version: %w", db.path, err)
	}
	return version, nil
}
