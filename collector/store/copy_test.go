package store

import (
	"context"
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
