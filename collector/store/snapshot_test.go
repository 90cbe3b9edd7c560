package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASnapshotIsADatabaseOfItsOwn(t *testing.T) {
	db := open(t, file(t), note)
	for i := range 1000 { // more than one page, and all of it in the log
		if err := write(t.Context(), db, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	want := notes(t, db)
	path := filepath.Join(t.TempDir(), "a ? # %41'b.db")
	writing, err := db.writer.BeginTx(t.Context(), nil) // somebody is writing
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writing.ExecContext(t.Context(), `DELETE FROM note`); err != nil {
		t.Fatal(err)
	}
	if err := db.Snapshot(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := writing.Rollback(); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(all) != 1 {
		t.Errorf("beside it lies %v, %v", all, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	copied, err := Open(t.Context(), path, note, Use)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, notes(t, copied)); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(write(t.Context(), copied, "more"), copied.Close()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, notes(t, db)); diff != "" {
		t.Errorf("the original: %s", diff)
	}
}

func TestASnapshotTakesNobodysPlace(t *testing.T) {
	db := open(t, file(t), note)
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Snapshot(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "mine" {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path += ".new"
	if err := db.Snapshot(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is left there: %v", err)
	}
}
