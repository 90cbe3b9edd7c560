package store

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
)

func TestClassify(t *testing.T) {
	other := errors.New("no database error")
	for name, c := range map[string]struct {
		err  error
		want error // the sentinel; nil if none
		io   bool
	}{
		"full":                {sqlite3.Error{Code: sqlite3.ErrFull}, ErrFull, false},
		"write without room":  {sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC}, ErrFull, false},
		"write beyond quota":  {sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EDQUOT}, ErrFull, false},
		"no inode left":       {sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.ENOSPC}, ErrFull, false},
		"write failed":        {sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EIO}, nil, true},
		"flush failed":        {sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync}, nil, true},
		"busy":                {sqlite3.Error{Code: sqlite3.ErrBusy}, ErrBusy, false},
		"locked":              {sqlite3.Error{Code: sqlite3.ErrLocked}, ErrBusy, false},
		"not a database":      {sqlite3.Error{Code: sqlite3.ErrNotADB}, ErrForeign, false},
		"damaged":             {sqlite3.Error{Code: sqlite3.ErrCorrupt}, ErrCorrupt, false},
		"violated constraint": {sqlite3.Error{Code: sqlite3.ErrConstraint}, nil, false},
		"other":               {other, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			wrapped := fmt.Errorf("insert: %w", c.err)
			got := classify(wrapped)
			if !errors.Is(got, wrapped) {
				t.Errorf("%v lost its cause", got)
			}
			for _, sentinel := range []error{ErrFull, ErrBusy, ErrForeign, ErrCorrupt, ErrFailed} {
				if errors.Is(got, sentinel) != (sentinel == c.want) {
					t.Errorf("%v: is %q %v", got, sentinel, errors.Is(got, sentinel))
				}
			}
			if IsIO(got) != c.io {
				t.Errorf("IsIO %v, want %v", IsIO(got), c.io)
			}
		})
	}
}

func TestUpdateNamesTheFileOfAViolatedConstraint(t *testing.T) {
	db := open(t, file(t), note)
	err := db.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO note (text) VALUES (NULL)`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), db.Path()) {
		t.Errorf("Update: %v", err)
	}
}

func TestUpdateIsBusyWhileAnotherWrites(t *testing.T) {
	path := file(t)
	db, other := open(t, path, note), open(t, path, note)
	// Five seconds are too long for a test; the pool has one connection only.
	if _, err := db.writer.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	err := other.Update(t.Context(), func(*Tx) error {
		err := write(t.Context(), db, "no")
		if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), path) {
			t.Errorf("while another writes: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), db, "yes"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestUpdateGoesOnAfterAFullDisk(t *testing.T) {
	db := open(t, file(t), note)
	limit := func(pages string) {
		t.Helper()
		if _, err := db.writer.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit(pragma(t, db.writer, "page_count"))
	long := strings.Repeat("x", 64<<10)
	for range 2 {
		if err := write(t.Context(), db, long); !errors.Is(err, ErrFull) {
			t.Fatalf("on a full disk: %v", err)
		}
	}
	if got := notes(t, db); got != nil {
		t.Errorf("stored %d notes", len(got))
	}
	limit("1000000")
	if err := write(t.Context(), db, long); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestUpdateNeverTriesAgainAfterAFailedFlush(t *testing.T) {
	db := open(t, file(t), note)
	if err := write(t.Context(), db, "before"); err != nil {
		t.Fatal(err)
	}
	flush := sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync, SystemErrno: syscall.EIO}
	first := db.Update(t.Context(), func(*Tx) error { return flush })
	if !errors.Is(first, ErrFailed) || !strings.Contains(first.Error(), db.Path()) {
		t.Fatalf("Update: %v", first)
	}
	ran := false
	if err := db.Update(t.Context(), func(*Tx) error { ran = true; return nil }); err != first || ran {
		t.Errorf("the next Update: %v, ran %v", err, ran)
	}
	if got := notes(t, db); len(got) != 1 {
		t.Errorf("reading tells %q", got)
	}
}
