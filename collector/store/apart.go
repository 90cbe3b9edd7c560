package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// An Inspection is what was found in a file that nobody uses.
type Inspection struct {
	App    int32            `json:"app"`    // SQLite's application_id
	Schema int              `json:"schema"` // its version
	Tables map[string]int64 `json:"tables"` // rows by table
}

// Inspect reads every page of a file that nobody uses, and changes nothing, not
// even beside it: ErrCorrupt if its structure, an index or a reference between
// rows is not sound.
func Inspect(ctx context.Context, path string) (Inspection, error) {
	found := Inspection{Tables: map[string]int64{}}
	err := Peek(ctx, path, func(tx *Tx) error {
		for _, check := range []string{"integrity_check(1)", "foreign_key_check"} {
			if err := sound(ctx, tx, check); err != nil {
				return err
			}
		}
		err := errors.Join(
			tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found.Schema),
			tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&found.App))
		if err != nil {
			return err
		}
		return countTables(ctx, tx, found.Tables)
	})
	return found, err
}

// sound runs a check whose every row but "ok" tells of damage.
func sound(ctx context.Context, tx *Tx, check string) error {
	rows, err := tx.QueryContext(ctx, "PRAGMA "+check)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if row[0].String != "ok" {
			return fmt.Errorf("%w: %s: %s", ErrCorrupt, check, row[0].String)
		}
	}
	return rows.Err()
}

func countTables(ctx context.Context, tx *Tx, counts map[string]int64) error {
	var names []string
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Err()
	if err == nil {
		names, err = tableNames(ctx, tx)
	}
	for _, name := range names {
		var n int64
		quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+quoted).Scan(&n); err != nil {
			return err
		}
		counts[name] = n
	}
	return err
}

func tableNames(ctx context.Context, tx *Tx) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Peek reads a file that nobody uses, and changes nothing, not even beside it.
func Peek(ctx context.Context, path string, fn func(*Tx) error) (err error) {
	db := pool(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}, readerSetup, 1)
	defer func() { err = errors.Join(err, db.Close()) }()
	return once(ctx, db, path, fn)
}

// Join runs fn in one transaction on a file that nobody else uses, beside which
// another stands that is only read: its tables are under the name src. The file
// is made if it does not exist. When this returns nil it is on disk, whole; its
// name in the directory is the caller's to flush. After an error it is to be
// thrown away.
func Join(ctx context.Context, path, src string, fn func(*Tx) error) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	db := pool(path, url.Values{"mode": {"rw"}, "_txlock": {"immediate"}}, func(c *sqlite3.SQLiteConn) error {
		if err := set(c, []string{"page_size = 16384", "synchronous = OFF", "temp_store = MEMORY", "cache_size = -64000", "mmap_size = 0", "trusted_schema = OFF"}); err != nil {
			return err
		}
		if err := (Beside{Name: "src", Path: src}).read(c); err != nil {
			return err
		}
		return nil
	}, 1)
	err = once(ctx, db, path, fn)
	if err = errors.Join(err, db.Close()); err == nil { // which folds a log into the file
		err = Full(f.Sync())
	}
	return errors.Join(err, f.Close())
}

// read joins the file to a connection that may only read it.
func (b Beside) read(c *sqlite3.SQLiteConn) error {
	if _, err := c.Exec("ATTACH '"+strings.ReplaceAll(uri(b.Path, url.Values{"mode": {"ro"}}), "'", "''")+"' AS "+b.Name, nil); err != nil {
		return fmt.Errorf("attach %s: %w", b.Path, err)
	}
	c.RegisterAuthorizer(b.authorize)
	return nil
}

func once(ctx context.Context, from *sql.DB, path string, fn func(*Tx) error) error {
	db := &DB{path: path, now: time.Now}
	return db.run(ctx, from, fn)
}
