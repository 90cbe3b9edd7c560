package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/mattn/go-sqlite3"
)

// Snapshot writes the file as it is now to path, which must not exist: a
// database of its own that needs no log beside it, for its owner alone, on disk
// when this returns nil. Its name in the directory is the caller's to flush.
// Others may write to the database meanwhile. ErrFull leaves nothing at path,
// nor does any other error.
func (db *DB) Snapshot(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	// SQLite copies into an empty file, and keeps its rights.
	err = db.copyTo(ctx, path)
	if err == nil {
		err = Full(f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("snapshot: %w", db.explain("", err)), discard(path))
	}
	return nil
}

// discard removes a copy that was not finished, and the journal that SQLite has
// beside it meanwhile.
func discard(path string) error {
	for _, name := range []string{path, path + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyTo copies over a connection of its own: those of the readers may not
// write to any file, and the writer's is needed.
func (db *DB) copyTo(ctx context.Context, path string) (err error) {
	from := pool(db.path, url.Values{"mode": {"ro"}}, func(c *sqlite3.SQLiteConn) error {
		return set(c, []string{"temp_store = MEMORY", "mmap_size = 0", "trusted_schema = OFF"})
	}, 1)
	defer func() { err = errors.Join(err, from.Close()) }()
	_, err = from.ExecContext(ctx, `VACUUM INTO ?`, path)
	return err
}
