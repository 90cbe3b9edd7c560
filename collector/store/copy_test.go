package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Where the pages cannot be had one by one it is a snapshot, of the same rows.
// Here somebody else holds the file that is copied to.
func TestACopyThatIsStuckIsASnapshot(t *testing.T) {
	db := open(t, file(t), note)
	for _, text := range []string{"one", "two", "three"} {
		if err := write(t.Context(), db, text); err != nil {
			t.Fatal(err)
		}
	}
	want := notes(t, db)
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	other, err := connect(uri(path, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec("BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	done, err := db.copyInto(t.Context(), f, 200*time.Millisecond)
	if err != nil || !done.Whole || time.Since(begun) < 200*time.Millisecond {
		t.Fatalf("%+v, %v after %s", done, err, time.Since(begun))
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	copied := open(t, path, note)
	if diff := cmp.Diff(want, notes(t, copied)); diff != "" {
		t.Errorf("the rows (-) are not those of the copy (+):\n%s", diff)
	}
	if err := write(t.Context(), db, "four"); err != nil {
		t.Errorf("the database is not as it was: %v", err)
	}
}

// A copy whose context ends leaves nothing.
func TestACopyThatIsStuckEnds(t *testing.T) {
	db := open(t, file(t), note)
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	other, err := connect(uri(path, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec("BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}

	ended, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := db.copyInto(ended, f, time.Hour); err == nil || ended.Err() == nil {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("it left a file: %v", err)
	}
}

// noise makes a table that takes so much room, 64 KiB a row.
func noise(t *testing.T, db *DB, bytes int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *Tx) error {
		for range bytes >> 16 {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO note (text) VALUES (hex(randomblob(32768)))`); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Who writes beside a copy, and would not wait at all for a lock, never has to.
func TestACopyKeepsNoWriterWaiting(t *testing.T) {
	db := open(t, file(t), note)
	noise(t, db, 4*copyStep)
	other := open(t, db.Path(), note) // as another process has it
	if _, err := other.writer.ExecContext(t.Context(), "PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	for commits := 0; commits < 3; { // else the copy was too quick
		ctx, copied := context.WithCancelCause(t.Context())
		path := filepath.Join(t.TempDir(), "copy.db")
		go func() {
			_, err := db.Copy(context.WithoutCancel(ctx), path)
			copied(err)
		}()
		for ; ctx.Err() == nil; commits++ {
			if err := write(t.Context(), other, "meanwhile"); err != nil {
				t.Fatalf("commit %d beside a copy: %v", commits, err)
			}
		}
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// What the log gathered while a copy held its snapshot is folded in by the copy,
// and is not left to whoever commits next.
func TestACopyFoldsTheLogIn(t *testing.T) {
	db := open(t, file(t), note)
	if err := write(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	const much = 2 * checkpointBytes
	err := db.View(t.Context(), func(tx *Tx) error { // which keeps it from being folded in, as a copy does
		if _, err := tx.ExecContext(t.Context(), `SELECT count(*) FROM note`); err != nil {
			return err
		}
		noise(t, db, much)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(db.Path())
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if size() > much/2 {
		t.Fatalf("the file has %d bytes already", size())
	}
	if _, err := db.Copy(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Fatal(err)
	}
	if size() < much {
		t.Errorf("the file has %d bytes: the log was left to others", size())
	}
}
