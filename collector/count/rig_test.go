package count

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures"
)

// fataler is what *testing.T, *testing.B and *rapid.T have in common here.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func openHistory(t testing.TB) *history.DB {
	t.Helper()
	h, err := history.Open(t.Context(), filepath.Join(t.TempDir(), history.File), store.Create)
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

// A rig is a feed and who counts it.
type rig struct {
	h      *history.DB
	name   string
	format string
	rots   int // how often it was told of a damaged record
}

// counting returns who counts the feed, as after a start of the server.
func (r *rig) counting() *counting {
	c := New(r.h, Options{Log: slog.New(slog.DiscardHandler), Rots: func(string, record.Key) { r.rots++ }})
	decode, _ := acd.NewDecoder(r.format)
	return newCounting(c, Feed{r.name, r.format}, decode)
}

func (r *rig) commit(t fataler, records []record.Record) {
	t.Helper()
	b := history.Batch{Feed: r.name, Kind: 1, Batch: feed.Batch{Records: records}}
	if _, err := r.h.Commit(context.Background(), []history.Batch{b}); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) merge(t fataler, records []record.Record) {
	t.Helper()
	if err := r.tryMerge(records); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) tryMerge(records []record.Record) error {
	rows := make([]history.Row, len(records))
	for i, one := range records {
		rows[i] = history.Row{Record: one, Kind: 1}
	}
	_, err := r.h.Merge(context.Background(), r.name, rows)
	return err
}

// catchUp counts all that there is, without waiting for it to settle.
func (r *rig) catchUp(t fataler, f *counting) {
	t.Helper()
	ctx := context.Background()
	for {
		state, err := f.begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		end, err := r.h.Horizon(ctx, r.name)
		if err != nil {
			t.Fatal(err)
		}
		to := max(end.Newest+1, end.CoveredUntil)
		if len(state.Marked) == 0 && state.Through >= to {
			return
		}
		if err := f.again(ctx, state.Marked); err != nil {
			t.Fatal(err)
		}
		if err := f.advance(ctx, to); err != nil {
			t.Fatal(err)
		}
	}
}

// counted returns all rows.
func (r *rig) counted(t fataler) acd.Counted {
	t.Helper()
	var all acd.Counted
	q := history.Intervals{Feed: r.name, Span: record.Span{From: -1 << 62, To: 1 << 62}}
	for row, err := range r.h.QueueIntervals(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Counts != (acd.QueueCounts{}) {
			all.Queues = append(all.Queues, row)
		}
	}
	for row, err := range r.h.AgentIntervals(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		all.Agents = append(all.Agents, row)
	}
	return all
}

// folded returns what one fold over all records, in the order of their keys,
// counts up to an instant.
func (r *rig) folded(t fataler, to record.Instant) acd.Counted {
	t.Helper()
	fold := acd.NewFold(r.format)
	decode, _ := acd.NewDecoder(r.format)
	for row, err := range r.h.Records(context.Background(), history.Range{Feed: r.name, From: -1 << 62}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range decode(nil, row.Raw, row.At) {
			fold.Add(e)
		}
	}
	fold.Advance(to)
	return fold.Take()
}

// check holds what is written down against a fold of the records.
func (r *rig) check(t fataler) {
	t.Helper()
	state, err := r.h.CountedState(context.Background(), r.name)
	if err != nil {
		t.Fatal(err)
	}
	want, got := r.folded(t, state.Through), r.counted(t)
	for _, rows := range [][]acd.AgentRow{want.Agents, got.Agents} {
		for i := range rows {
			if len(rows[i].Counts.PausedFor) == 0 {
				rows[i].Counts.PausedFor = nil
			}
		}
	}
	if !reflect.DeepEqual(want, got) { // much faster than to tell the difference
		t.Fatalf("(-a fold of the records, +what is written down)\n%s", gocmp.Diff(want, got))
	}
}

func unpack(t testing.TB, name string) []byte {
	t.Helper()
	data, err := fixtures.Recording(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// recorded returns the records of a recording, in the order in which they came.
func recorded(t testing.TB, name, format string) []record.Record {
	t.Helper()
	at, err := feed.NewFormat(feed.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	end := map[string]string{"ami": "\r\n\r\n", "queue_log": "\n"}[format]
	var all []record.Record
	var same record.Ordinals
	for raw := range bytes.SplitSeq(unpack(t, name), []byte(end)) {
		if len(raw) == 0 {
			continue
		}
		said, err := at(raw)
		if err != nil {
			t.Fatal(err)
		}
		one := record.New(said, 0, raw)
		if format != "ami" {
			one.N = same.Next(one.At, one.Digest)
		}
		all = append(all, one)
	}
	return all
}

// expected returns the counts that were made outside of this project.
func expected(t testing.TB, name string) map[string]map[string]int64 {
	t.Helper()
	want, err := fixtures.Expected(name)
	if err != nil {
		t.Fatal(err)
	}
	return want.ByRow()
}

// columns names the counts of queues as the expectations do, without zeros.
func columns(rows []acd.QueueRow) map[string]map[string]int64 {
	all := map[string]map[string]int64{}
	for _, r := range rows {
		c := r.Counts
		row := map[string]int64{}
		for column, n := range map[string]int64{
			"offered": c.Offered, "answered": c.Answered, "abandoned": c.Abandoned, "timed_out": c.TimedOut,
			"exit_key": c.ExitKey, "exit_empty": c.ExitEmpty, "lost": c.Lost, "refused": c.Refused,
			"completed": c.Completed, "transferred": c.Transferred, "ring_no_answer": c.RingNoAnswer,
			"answered_wait_s": seconds(c.AnsweredWait), "answered_wait_max_s": seconds(c.AnsweredWaitMax),
			"abandoned_wait_s": seconds(c.AbandonedWait), "talk_s": seconds(c.Talk),
			"answered_within": within20(c.AnsweredWaits), "abandoned_within": within20(c.AbandonedWaits),
		} {
			if n != 0 {
				row[column] = n
			}
		}
		all[r.Start.Time().Format(time.RFC3339)+" "+r.Queue] = row
	}
	return all
}

func seconds(length record.Instant) int64 { return int64(length / record.Second) }

func within20(w acd.Waits) (n int64) {
	for i, limit := range acd.Bins() {
		if limit <= 20 {
			n += w[i]
		}
	}
	return n
}
