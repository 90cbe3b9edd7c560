package store

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// besides opens a file with another beside it.
func besides(t *testing.T) (db, other *DB) {
	t.Helper()
	path := file(t)
	other = open(t, path, note)
	s := schema(`CREATE TABLE own (n INTEGER) STRICT`)
	s.Beside = Beside{"other", path}
	return open(t, file(t), s), other
}

func TestUpdateReadsAndLocksTheFileBeside(t *testing.T) {
	db, other := besides(t)
	ctx := t.Context()
	if err := write(ctx, other, "before"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.writer.ExecContext(ctx, "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	err := db.Update(ctx, func(tx *Tx) error {
		if err := write(ctx, other, "meanwhile"); !errors.Is(err, ErrBusy) {
			t.Errorf("the other file was written meanwhile: %v", err)
		}
		var text string
		if err := tx.QueryRowContext(ctx, `SELECT text FROM other.note`).Scan(&text); err != nil || text != "before" {
			t.Errorf("read %q, %v", text, err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO own (n) VALUES (1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(ctx, other, "after"); err != nil {
		t.Error(err)
	}
}

func TestUpdateNeverWritesTheFileBeside(t *testing.T) {
	db, other := besides(t)
	ctx := t.Context()
	if err := write(ctx, other, "kept"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		`INSERT INTO other.note (text) VALUES ('no')`,
		`INSERT INTO note (text) VALUES ('no')`, // found there, as no such table is here
		`UPDATE other.note SET text = 'no'`,
		`DELETE FROM other.note`,
		`DROP TABLE other.note`,
		`CREATE TABLE other.more (n INTEGER)`,
		`CREATE INDEX other.more ON note (text)`,
		`ALTER TABLE other.note ADD COLUMN more TEXT`,
		`PRAGMA other.user_version = 7`,
	} {
		err := db.Update(ctx, func(tx *Tx) error {
			_, err := tx.ExecContext(ctx, s)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "authoriz") {
			t.Errorf("%s: %v", s, err)
		}
	}
	if got := notes(t, other); len(got) != 1 || got[0] != "kept" {
		t.Errorf("%q", got)
	}
}

func TestAFileBesideIsNotMade(t *testing.T) {
	s, missing := note, file(t)
	s.Beside = Beside{"other", missing}
	_, err := Open(t.Context(), file(t), s, Create)
	if err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("Open: %v", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}
