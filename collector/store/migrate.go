package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
)

// version returns the number of migrations: the schema's version.
func (s Schema) version() (int, error) {
	names, err := fs.Glob(s.Migrations, "migrations/*.sql")
	return len(names), err
}

// script returns migration number n, counted from 1.
func (s Schema) script(n int) (string, error) {
	names, err := fs.Glob(s.Migrations, fmt.Sprintf("migrations/%04d_*.sql", n))
	if err != nil || len(names) != 1 {
		return "", fmt.Errorf("migration %d: want one file, have %d: %w", n, len(names), err)
	}
	text, err := fs.ReadFile(s.Migrations, names[0])
	return string(text), err
}

// examine refuses a file that is not ours or not of a schema that mode can
// deal with. It uses a read-only connection: nothing has been written yet.
func (db *DB) examine(ctx context.Context, schema Schema, mode Mode) error {
	info, err := os.Stat(db.path)
	if mode == Create && (err != nil || info.Size() == 0) {
		return nil //nolint:nilerr // about to be made
	}
	have, app, err := fileVersion(ctx, db.reader)
	if err != nil {
		return err
	}
	want, err := schema.version()
	switch {
	case err != nil:
		return err
	case app != schema.App && !(app == 0 && have == 0 && mode == Create):
		return foreign(app, schema)
	case have > want:
		return newer(have, want)
	case have < want && mode == Use:
		return fmt.Errorf("%w: its schema is %d, this version wants %d: start twind once", ErrOlderSchema, have, want)
	}
	return nil
}

func foreign(app int32, schema Schema) error {
	return fmt.Errorf("%w: its application id is %#x, not %#x", ErrForeign, app, schema.App)
}

func newer(have, want int) error {
	return fmt.Errorf("%w: its schema %d is newer than this version's (%d)", ErrNewerSchema, have, want)
}

// migrate applies what is missing, each migration in a transaction of its own.
func (db *DB) migrate(ctx context.Context, schema Schema) error {
	want, err := schema.version()
	if err != nil {
		return err
	}
	have, _, err := fileVersion(ctx, db.writer)
	if err != nil {
		return err
	}
	for n := have + 1; n <= want; n++ {
		if err := db.apply(ctx, schema, n); err != nil {
			return fmt.Errorf("migration %d: %w", n, err)
		}
	}
	return nil
}

func (db *DB) apply(ctx context.Context, schema Schema, n int) error {
	script, err := schema.script(n)
	if err != nil {
		return err
	}
	return db.Update(ctx, func(tx *Tx) error {
		// Another opener may have been quicker.
		var have int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil || have >= n {
			return err
		}
		if _, err := tx.ExecContext(ctx, script); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", schema.App, n))
		return err
	})
}

func fileVersion(ctx context.Context, from *sql.DB) (version int, app int32, err error) {
	if err := from.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, 0, fmt.Errorf("read schema version: %w", err)
	}
	if err := from.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, 0, fmt.Errorf("read application id: %w", err)
	}
	return version, app, nil
}
