package history

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/await"
)

// An along is what MergeAlong returned.
type along struct {
	Outcome
	n   int
	err error
}

// mergeAlong has rows wait until they met one of the batches that are committed
// meanwhile with ctx; it returns what became of both.
func mergeAlong(ctx context.Context, t *testing.T, h *DB, name string, rows []Row) (got along, committed error) {
	t.Helper()
	for deadline := time.Now().Add(await.Most); time.Now().Before(deadline); {
		came := make(chan along, 1)
		go func() {
			done, n, err := h.MergeAlong(t.Context(), name, rows)
			came <- along{done, n, err}
		}()
		for waiting := true; waiting; {
			_, committed = h.Commit(ctx, []Batch{{Feed: "pbx", Kind: 1, Batch: feed.Batch{Position: []byte("here")}}})
			select {
			case got = <-came:
				waiting = false
			default:
			}
		}
		if got.n > 0 || got.err != nil {
			return got, committed
		}
	}
	t.Fatal("never taken along")
	return got, nil
}

func rowsOf(all []record.Record) (rows []Row) {
	for _, r := range all {
		rows = append(rows, Row{Record: r, Kind: 2})
	}
	return rows
}

func TestMergeAlong(t *testing.T) {
	h := open(t)
	rows := rowsOf(numbered(3*alongRows - 1))
	commit(t, h, "pbx", feed.Batch{Records: []record.Record{rows[0].Record}})
	for _, want := range []along{
		{Outcome{Added: alongRows - 1, Duplicates: 1}, alongRows, nil},
		{Outcome{Added: alongRows}, alongRows, nil},
		{Outcome{Added: alongRows - 1}, alongRows - 1, nil},
	} {
		got, err := mergeAlong(t.Context(), t, h, "pbx", rows)
		if got != want || err != nil {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}
		rows = rows[got.n:]
	}
	if s := summary(t, h, "pbx"); s.Records != 3*alongRows-1 || s.Duplicates != 0 {
		t.Errorf("%+v", s)
	}
	checkBuckets(t, h)
}

// Rows are not taken along where nothing goes, nor such as would be felt.
func TestMergeAlongStays(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{})
	large := record.New(noon, 0, make([]byte, alongBytes+1))
	half := record.New(noon, 1, make([]byte, alongBytes/2+1))
	for name, rows := range map[string][]Row{
		"nothing is committed": rowsOf(numbered(3)),
		"too large":            rowsOf([]record.Record{large}),
		"none":                 nil,
	} {
		if done, n, err := h.MergeAlong(t.Context(), "pbx", rows); done != (Outcome{}) || n != 0 || err != nil {
			t.Errorf("%s: %+v, %d, %v", name, done, n, err)
		}
	}
	if got := few(rowsOf([]record.Record{half, half})); len(got) != 1 {
		t.Errorf("%d rows of more than half of what may go", len(got))
	}
}

// What is wrong with the rows is no matter of the feed's, but what is wrong
// with the transaction is one of both.
func TestMergeAlongFails(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{})
	rows := rowsOf(numbered(3))
	if got, err := mergeAlong(t.Context(), t, h, "other", rows); !errors.Is(got.err, ErrUnknownFeed) || err != nil {
		t.Errorf("unknown feed: %+v, and the commit: %v", got, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := mergeAlong(gone, t, h, "pbx", rows); !errors.Is(got.err, context.Canceled) || !errors.Is(err, context.Canceled) {
		t.Errorf("no transaction: %+v, and the commit: %v", got, err)
	}
	if s := summary(t, h, "pbx"); s.Records != 0 {
		t.Errorf("%+v", s)
	}
	checkBuckets(t, h)
}

// Rows of which one cannot be stored leave nothing, and what was collected in
// the same transaction stays.
func TestMergeAlongUndoes(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{})
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), `CREATE TRIGGER bad BEFORE INSERT ON record WHEN new.at = 0 BEGIN SELECT RAISE(FAIL, 'bad'); END`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(append(numbered(2), record.New(0, 0, nil)))
	if got, err := mergeAlong(t.Context(), t, h, "pbx", rows); got.err == nil || err != nil {
		t.Errorf("%+v, and the commit: %v", got, err)
	}
	if s, left := summary(t, h, "pbx"), records(t, h, Range{Feed: "pbx"}); s.Records != 0 || len(left) != 0 {
		t.Errorf("%+v, %d records", s, len(left))
	}
	checkBuckets(t, h)
	var position string
	err = h.db.View(t.Context(), func(tx *store.Tx) error {
		return tx.QueryRowContext(t.Context(), `SELECT position FROM feed`).Scan(&position)
	})
	if err != nil || position != "here" {
		t.Errorf("position %q, %v", position, err)
	}
}
