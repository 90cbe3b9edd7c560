package history

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// noon is when the records of these tests were said.
var noon = record.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))

// fataler is what *testing.T and *rapid.T have in common here.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func open(t *testing.T) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), File))
}

func openAt(t *testing.T, path string) *DB {
	t.Helper()
	h, err := Open(t.Context(), path, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// said makes the record of a text that was said so long after noon.
func said(after time.Duration, text string) record.Record {
	return record.New(noon.Add(after), 0, []byte(text))
}

// numbered makes n different records, a millisecond apart.
func numbered(n int) []record.Record {
	all := make([]record.Record, n)
	for i := range all {
		all[i] = said(time.Duration(i)*time.Millisecond, fmt.Sprintf("record %d", i))
	}
	return all
}

func start(t fataler, h *DB, name string) feed.Start {
	t.Helper()
	from, err := h.Start(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return from
}

// commit stores one batch of a feed.
func commit(t fataler, h *DB, name string, b feed.Batch) Outcome {
	t.Helper()
	done, err := h.Commit(context.Background(), []Batch{{Feed: name, Kind: 1, Batch: b}})
	if err != nil {
		t.Fatal(err)
	}
	return done[0]
}

// records returns the records of a range in the order in which they are yielded.
func records(t fataler, h *DB, r Range) []record.Record {
	t.Helper()
	var all []record.Record
	for row, err := range h.Records(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row.Record)
	}
	return all
}

// scalar returns the one number that a query tells.
func scalar(t fataler, h *DB, query string, args ...any) (n int64) {
	t.Helper()
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		return tx.QueryRow(query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func summary(t fataler, h *DB, name string) Summary {
	t.Helper()
	all, err := h.Summaries(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s, ok := all[name]
	if !ok {
		t.Fatalf("no summary of %q", name)
	}
	return s
}

func gaps(t fataler, h *DB, name string) []Gap {
	t.Helper()
	all, err := h.Gaps(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
