package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

func TestCommitStoresEachRecordOnce(t *testing.T) {
	// Beside the single rows, statements of 100 and of 10 must tell duplicates.
	all := numbered(325)
	for name, batches := range map[string][][]record.Record{
		"nothing":               {nil},
		"all are new":           {all},
		"twice in one batch":    {slices.Concat(all, all)},
		"beside each other":     {{all[0], all[0], all[1], all[1], all[1]}},
		"in the next batch":     {all, all},
		"some in a hundred":     {all[:120], all[60:300]},
		"one in a hundred":      {all[99:100], all[:200]},
		"one in ten":            {all[5:6], all[:10]},
		"the last of a hundred": {all[:1], append(slices.Clone(all[1:100]), all[0])},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			want := map[record.Key]record.Record{}
			told := 0
			for _, b := range batches {
				before := len(want)
				for _, r := range b {
					want[r.Key] = r
				}
				told += len(b)
				got := commit(t, h, "pbx", feed.Batch{Records: b})
				if added := len(want) - before; got.Added != added || got.Duplicates != len(b)-added || (got.Again == "") != (added == len(b)) {
					t.Errorf("%+v of %d, want %d added", got, len(b), added)
				}
			}
			if got := records(t, h, Range{Feed: "pbx"}); len(got) != len(want) {
				t.Errorf("%d stored, want %d", len(got), len(want))
			}
			s := summary(t, h, "pbx")
			if s.Records != int64(len(want)) || s.Duplicates != int64(told-len(want)) {
				t.Errorf("summary %+v", s)
			}
			checkBuckets(t, h)
		})
	}
}

func TestOrdinalsTellIdenticalRecordsApart(t *testing.T) {
	h := open(t)
	three := []record.Record{record.New(noon, 0, []byte("x")), record.New(noon, 1, []byte("x")), record.New(noon, 2, []byte("x"))}
	if got := commit(t, h, "pbx", feed.Batch{Records: three}); got != (Outcome{Added: 3}) {
		t.Errorf("%+v", got)
	}
	if got := commit(t, h, "pbx", feed.Batch{Records: three[:2]}); got != (Outcome{Duplicates: 2, Again: string(three[0].Raw)}) {
		t.Errorf("again %+v", got)
	}
}

func TestFeedsDoNotShareRecords(t *testing.T) {
	h := open(t)
	same := []record.Record{said(0, "x")}
	outcomes, err := h.Commit(t.Context(), []Batch{
		{Feed: "a", Kind: 1, Batch: feed.Batch{Records: same}},
		{Feed: "b", Kind: 2, Origin: FromTwin, Batch: feed.Batch{Records: same}},
		{Feed: "a", Kind: 1, Batch: feed.Batch{Records: same}},
	})
	if diff := gocmp.Diff([]Outcome{{Added: 1}, {Added: 1}, {Duplicates: 1, Again: "x"}}, outcomes); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for row, err := range h.Records(t.Context(), Range{Feed: "b"}) {
		if err != nil || row.Kind != 2 || row.Origin != FromTwin {
			t.Errorf("%+v, %v", row, err)
		}
	}
}

// What a source found empty is empty, not missing: one record, or one rejected
// frame, must not stop the collecting.
func TestCommitTakesEmptyBytes(t *testing.T) {
	h := open(t)
	done := commit(t, h, "pbx", feed.Batch{
		Records:    []record.Record{record.New(noon, 0, nil)},
		Rejected:   1,
		Quarantine: []feed.Rejection{{At: noon, Reason: feed.Rejected, Text: "empty"}},
		Position:   []byte{},
	})
	if done.Added != 1 || scalar(t, h, `SELECT count(*) FROM quarantine WHERE head = x''`) != 1 {
		t.Errorf("%+v", done)
	}
	if got := records(t, h, Range{Feed: "pbx"}); len(got) != 1 || len(got[0].Raw) != 0 || got[0].Digest != record.DigestOf(nil) {
		t.Errorf("stored %+v", got)
	}
}

// Buckets are a recomputation of the records, whatever came how often.
func TestBucketsAgreeWithTheRecords(t *testing.T) {
	h := open(t)
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Record {
			return record.New(
				noon+record.Instant(rapid.Int64Range(-9, 9).Draw(t, "minute"))*record.Minute,
				rapid.Uint32Range(0, 1).Draw(t, "n"),
				[]byte{rapid.ByteRange('a', 'e').Draw(t, "raw")})
		}), 0, 250).Draw(t, "records")
		commit(t, h, "pbx", feed.Batch{Records: drawn})
		checkBuckets(t, h)
	})
}

func checkBuckets(t fataler, h *DB) {
	t.Helper()
	want, got := map[record.Instant]record.Tally{}, map[record.Instant]record.Tally{}
	for _, r := range records(t, h, Range{Feed: "pbx"}) {
		if r.Timed() {
			want[record.Bucket(r.At)] = want[record.Bucket(r.At)].Add(r.Digest)
		}
	}
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT start, count, sum FROM bucket`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var start record.Instant
			var count int64
			var sum []byte
			if err := rows.Scan(&start, &count, &sum); err != nil {
				return err
			}
			got[start] = record.Tally{Count: count, Sum: record.SumFrom([16]byte(sum))}
		}
		return rows.Err()
	})
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(record.Sum{})); err != nil || diff != "" {
		t.Fatalf("buckets: %v (-want +got)\n%s", err, diff)
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	h := open(t)
	commit(t, h, "other", feed.Batch{Rejected: 1, Quarantine: []feed.Rejection{{Text: "kept", Head: []byte("x")}}})
	heads := func(from, to int) (all []feed.Rejection) {
		for i := from; i < to; i++ {
			all = append(all, feed.Rejection{At: noon, Reason: feed.Rejected, Text: fmt.Sprint(i), Head: []byte("x")})
		}
		return all
	}
	for i := range 13 {
		commit(t, h, "pbx", feed.Batch{Rejected: 100, Quarantine: heads(100*i, 100*(i+1))})
	}
	if n := scalar(t, h, `SELECT count(*) FROM quarantine WHERE feed = (SELECT id FROM feed WHERE name = 'pbx')`); n != quarantinePerFeed {
		t.Errorf("%d heads of the noisy feed", n)
	}
	if n := scalar(t, h, `SELECT min(CAST(text AS INTEGER)) FROM quarantine WHERE text <> 'kept'`); n != 300 {
		t.Errorf("the oldest that is kept is %d, want 300", n)
	}
	if n := scalar(t, h, `SELECT count(*) FROM quarantine WHERE text = 'kept'`); n != 1 {
		t.Error("the other feed's head is gone")
	}
	if s := summary(t, h, "pbx"); s.Rejected != 1300 {
		t.Errorf("rejected %d", s.Rejected)
	}
}

// P3: records, position, coverage and all else of a batch move together.
func TestCommitIsAllOrNothing(t *testing.T) {
	full := feed.Batch{
		Records:    numbered(150),
		Position:   []byte("later"),
		Marks:      []feed.Mark{proof(noon + 100), hole(noon+1, noon+2, feed.Rejected), end(feed.Mute)},
		Rejected:   1,
		Quarantine: []feed.Rejection{{At: noon, Reason: feed.Rejected, Text: "bad", Head: []byte("x")}},
	}
	for table, event := range map[string]string{
		"record": "INSERT", "bucket": "INSERT", "coverage": "UPDATE", "gap": "INSERT", "quarantine": "INSERT", "feed": "UPDATE", "marked": "INSERT",
	} {
		t.Run(table, func(t *testing.T) {
			h := open(t)
			commit(t, h, "pbx", feed.Batch{Position: []byte("before"), Marks: []feed.Mark{begin(feed.Session{From: noon})}})
			if err := h.CountBy(t.Context(), "pbx", "ami", 1); err != nil {
				t.Fatal(err)
			}
			count(t, h, headTo(1)) // what comes is late
			before := dump(t, h)
			fault(t, h, fmt.Sprintf(`CREATE TRIGGER fault BEFORE %s ON %s BEGIN SELECT raise(ABORT, 'injected'); END`, event, table))

			batches := []Batch{{Feed: "other", Kind: 1, Batch: feed.Batch{Records: numbered(3)}}, {Feed: "pbx", Kind: 1, Batch: full}}
			outcomes, err := h.Commit(t.Context(), batches)
			if err == nil || outcomes != nil || !strings.Contains(err.Error(), "injected") {
				t.Fatalf("%v, %v", outcomes, err)
			}
			if diff := gocmp.Diff(before, dump(t, h)); diff != "" {
				t.Errorf("something was stored:\n%s", diff)
			}

			fault(t, h, `DROP TRIGGER fault`)
			if _, err := h.Commit(t.Context(), batches); err != nil {
				t.Errorf("the same again: %v", err)
			}
			if got := start(t, h, "pbx"); string(got.Position) != "later" || got.CoveredUntil != noon+100 {
				t.Errorf("starts from %+v", got)
			}
		})
	}
}

func TestCommitKeepsThePositionUnlessTold(t *testing.T) {
	h := open(t)
	commit(t, h, "pbx", feed.Batch{Position: []byte("here")})
	commit(t, h, "pbx", feed.Batch{Records: numbered(1)})
	if got := start(t, h, "pbx"); string(got.Position) != "here" {
		t.Errorf("position %q", got.Position)
	}
}

func fault(t *testing.T, h *DB, statement string) {
	t.Helper()
	err := h.db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(statement)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dump returns every row of every table as text.
func dump(t fataler, h *DB) (all []string) {
	t.Helper()
	for _, table := range []string{"feed", "record", "bucket", "coverage", "gap", "quarantine", "agreed", "queue_interval", "agent_interval", "fold", "fold_head", "marked"} {
		all = append(all, table)
		err := h.db.View(context.Background(), func(tx *store.Tx) error {
			rows, err := tx.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2`)
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					return err
				}
				all = append(all, fmt.Sprint(values))
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
