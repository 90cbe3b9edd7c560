package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testApp = 0x7465_7374

// schema has the scripts as its migrations, in order.
func schema(scripts ...string) Schema {
	files := fstest.MapFS{}
	for i, s := range scripts {
		files[fmt.Sprintf("migrations/%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(s)}
	}
	return Schema{App: testApp, Migrations: files}
}

var note = schema(`CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT`)

func open(t *testing.T, path string, s Schema) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, s, Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

func write(ctx context.Context, db *DB, text string) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO note (text) VALUES (?)`, text)
		return err
	})
}

func notes(t *testing.T, db *DB) (all []string) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) error {
		rows, err := tx.QueryContext(t.Context(), `SELECT text FROM note ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			all = append(all, text)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func pragma(t *testing.T, from *sql.DB, name string) (value string) {
	t.Helper()
	if err := from.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestOpenSetsWhatDurabilityRestsOn(t *testing.T) {
	s := note
	s.PageSize = 16 << 10
	db := open(t, file(t), s)
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
		"page_size": "16384", "wal_autocheckpoint": "1024", "mmap_size": "0", "trusted_schema": "0",
		"application_id": fmt.Sprint(testApp), "user_version": "1",
	} {
		if got := pragma(t, db.writer, name); got != want {
			t.Errorf("writer's %s is %s, want %s", name, got, want)
		}
	}
	if got := pragma(t, db.reader, "query_only"); got != "1" {
		t.Errorf("reader's query_only is %s", got)
	}
	if got := pragma(t, open(t, file(t), note).writer, "page_size"); got != "4096" {
		t.Errorf("page size unless said is %s", got)
	}
}

// The pragma must be read back, not only set: here each fails to hold.
func TestProveRefusesWhatDoesNotHold(t *testing.T) {
	for undo, want := range map[string]string{
		"foreign_keys = OFF":    `pragma foreign_keys is "0", not "1"`,
		"synchronous = NORMAL":  `pragma synchronous is "1", not "2"`,
		"journal_mode = DELETE": `pragma journal_mode is "delete", not "wal"`,
	} {
		db := open(t, file(t), note)
		if _, err := db.writer.ExecContext(t.Context(), "PRAGMA "+undo); err != nil {
			t.Fatal(err)
		}
		if err := db.prove(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %s: %v, want %s", undo, err, want)
		}
	}
}

// In memory there is no write-ahead log, as on a file system without shared memory.
func TestOpenRefusesAPlaceWithoutWAL(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Open(t.Context(), ":memory:", note, Create)
	if err == nil || !strings.Contains(err.Error(), `pragma journal_mode is "memory"`) {
		t.Errorf("Open: %v", err)
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "what?.db", "no#1.db", "ümlaut&x=1.db"} {
		path := filepath.Join(t.TempDir(), name)
		db := open(t, path, note)
		if err := write(t.Context(), db, name); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); err != nil || db.Path() != path {
			t.Errorf("Path %q: %v", db.Path(), err)
		}
	}
}

func TestOpenWantsTheFileUnlessItCreates(t *testing.T) {
	for _, mode := range []Mode{Use, Migrate} {
		path := file(t)
		if _, err := Open(t.Context(), path, note, mode); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("mode %d: %v", mode, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("mode %d made the file", mode)
		}
	}
}

func TestUpdateRollsBack(t *testing.T) {
	db := open(t, file(t), note)
	ctx, why := t.Context(), errors.New("why not")
	insert := func(tx *Tx) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO note (text) VALUES ('lost')`); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Update(ctx, func(tx *Tx) error { insert(tx); return why }); err != why {
		t.Errorf("Update: %v, want fn's own error unchanged", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Update(ctx, func(tx *Tx) error { insert(tx); panic("broke") })
	}()
	if err := write(ctx, db, "kept"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kept"}, notes(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestViewCannotWrite(t *testing.T) {
	db := open(t, file(t), note)
	err := db.View(t.Context(), func(tx *Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO note (text) VALUES ('no')`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), db.Path()) {
		t.Errorf("View let it write: %v", err)
	}
	if got := notes(t, db); got != nil {
		t.Errorf("stored %q", got)
	}
}

func TestViewSeesOneSnapshotBesideAnUpdate(t *testing.T) {
	db := open(t, file(t), note)
	count := func(tx *Tx) (n int) {
		if err := tx.QueryRowContext(t.Context(), `SELECT count(*) FROM note`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	err := db.View(t.Context(), func(tx *Tx) error {
		before := count(tx)
		if err := write(t.Context(), db, "meanwhile"); err != nil {
			return err
		}
		if after := count(tx); after != before {
			t.Errorf("%d rows became %d within one View", before, after)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNowIsOnePerTransaction(t *testing.T) {
	db := open(t, file(t), note)
	ticks := 0
	db.now = func() time.Time {
		ticks++
		return time.Date(2026, 11, 21, 9, 30, 0, 123_456_789, time.FixedZone("CET", 3600))
	}
	want := time.Date(2026, 11, 21, 8, 30, 0, 123_456_000, time.UTC)
	for _, run := range []func(context.Context, func(*Tx) error) error{db.Update, db.View} {
		ticks = 0
		err := run(t.Context(), func(tx *Tx) error {
			if tx.Now != want {
				t.Errorf("Now %v, want %v", tx.Now, want)
			}
			return nil
		})
		if err != nil || ticks != 1 {
			t.Errorf("asked the clock %d times: %v", ticks, err)
		}
	}
}

// What is in the files is nobody else's business, whatever the umask.
func TestFilesAreTheirOwnersAlone(t *testing.T) {
	path := file(t)
	db := open(t, path, note)
	if err := write(t.Context(), db, "x"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(name), mode)
		}
	}
}

// A transaction that ends with its context says so, whatever it did last.
func TestATransactionEndsWithItsContext(t *testing.T) {
	db := open(t, file(t), note)
	for name, run := range map[string]func(context.Context, func(*Tx) error) error{"view": db.View, "update": db.Update} {
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, func(tx *Tx) error {
			cancel()
			for { // until database/sql has seen it
				if _, err := tx.ExecContext(context.WithoutCancel(ctx), `SELECT 1`); err != nil {
					return err
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		err = run(ctx, func(*Tx) error {
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s, at its end: %v", name, err)
		}
	}
}
