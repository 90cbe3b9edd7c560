package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tx is one transaction. Now is its one time: every row of a change bears the
// same, and SQL never tells the time itself.
type Tx struct {
	*sql.Tx
	Now time.Time // UTC, in microseconds
}

// View runs fn in a read-only transaction on one snapshot. Many may run beside
// each other and beside Update; keep each short, for it holds up checkpoints.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.run(ctx, db.reader, fn)
}

// Update runs fn in the one writing transaction. It waits for other writers,
// in other processes too, for up to five seconds (ErrBusy). When it returns
// nil the change is on disk. After a write or flush error the file takes no
// more changes (ErrFailed): nobody knows what a second flush would tell.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if err := db.failed.Load(); err != nil {
		return *err
	}
	err := db.run(ctx, db.writer, fn)
	if IsIO(err) {
		err = fmt.Errorf("%w: %w", ErrFailed, err)
		db.failed.CompareAndSwap(nil, &err)
	}
	return err
}

func (db *DB) run(ctx context.Context, from *sql.DB, fn func(*Tx) error) error {
	tx, err := from.BeginTx(ctx, nil)
	if err != nil {
		return db.explain("begin", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if err := fn(&Tx{Tx: tx, Now: db.now().UTC().Truncate(time.Microsecond)}); err != nil {
		return db.explain("", ended(ctx, err))
	}
	return db.explain("commit", ended(ctx, tx.Commit()))
}

// ended says of a transaction that was undone because ctx ended that it did:
// the driver says only that there is none any more.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, sql.ErrTxDone) {
		return context.Cause(ctx)
	}
	return err
}

// explain names the file in errors of the database; fn's own pass unchanged.
func (db *DB) explain(doing string, err error) error {
	if err == nil || !isSQLite(err) {
		return err
	}
	if doing != "" {
		err = fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w", db.path, classify(err))
}
