package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// The log is folded in at 16 MiB and cut back to 64 MiB after a burst. Memory
// mapping stays off: with it a bad disk is a signal, not an error.
const (
	checkpointBytes = 16 << 20
	journalLimit    = 64 << 20
)

func writerPragmas(size int) []string {
	return []string{
		"wal_autocheckpoint = " + strconv.Itoa(checkpointBytes/size),
		"journal_size_limit = " + strconv.Itoa(journalLimit),
		"cache_size = -16000",
		"temp_store = MEMORY",
		"mmap_size = 0",
		"cell_size_check = ON",
		"trusted_schema = OFF",
	}
}

// writerSetup prepares the writing connection.
func writerSetup(s Schema) func(*sqlite3.SQLiteConn) error {
	size := cmp.Or(s.PageSize, 4096)
	return func(c *sqlite3.SQLiteConn) error {
		if err := found(c, size); err != nil {
			return err
		}
		if err := set(c, writerPragmas(size)); err != nil || s.Beside.Path == "" {
			return err
		}
		return s.Beside.attach(c)
	}
}

// found gives a new file its pages and its write-ahead log; one that has them
// it leaves as it is. Of several who do this to one new file at once SQLite
// refuses all but one, or all, without the wait that it grants elsewhere: each
// has read the file already, and would wait for the others to stop reading.
func found(c *sqlite3.SQLiteConn, size int) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(rand.N(10 * time.Millisecond)) {
		err := set(c, []string{"page_size = " + strconv.Itoa(size), "journal_mode = WAL"})
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
	}
}

func readerSetup(c *sqlite3.SQLiteConn) error {
	return set(c, []string{
		"query_only = ON",
		"cache_size = -4000",
		"temp_store = MEMORY",
		"mmap_size = 0",
		"trusted_schema = OFF",
	})
}

func set(c *sqlite3.SQLiteConn, pragmas []string) error {
	for _, p := range pragmas {
		if _, err := c.Exec("PRAGMA "+p, nil); err != nil {
			return fmt.Errorf("pragma %s: %w", p, err)
		}
	}
	return nil
}

// prove reads back what durability rests on. The driver's own defaults, or a
// file system that cannot share memory, would otherwise weaken it silently.
func (db *DB) prove(ctx context.Context) error {
	for _, want := range []struct{ pragma, value string }{
		{"journal_mode", "wal"},
		{"synchronous", "2"}, // FULL: each commit is flushed
		{"foreign_keys", "1"},
	} {
		var got string
		if err := db.writer.QueryRowContext(ctx, "PRAGMA "+want.pragma).Scan(&got); err != nil {
			return fmt.Errorf("read pragma %s: %w", want.pragma, err)
		}
		if !strings.EqualFold(got, want.value) {
			return fmt.Errorf("pragma %s is %q, not %q: this file system cannot keep what we promise", want.pragma, got, want.value)
		}
	}
	return nil
}
