package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// The newest interval is complete where every feed heard all of it, and a feed that
// is paused is not missed.
func TestNewestInterval(t *testing.T) {
	h, err := history.Open(t.Context(), filepath.Join(t.TempDir(), history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	clock := func(minute int) record.Instant {
		return record.At(time.Date(2026, 11, 21, 3, minute, 0, 0, time.UTC))
	}
	mark := func(name string, marks ...feed.Mark) {
		if _, err := h.Commit(t.Context(), []history.Batch{{Feed: name, Kind: 1, Batch: feed.Batch{Marks: marks}}}); err != nil {
			t.Fatal(err)
		}
	}
	begins := func(name string, minute int) {
		if _, err := h.Start(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		at := clock(minute)
		mark(name, feed.Mark{What: feed.BeginMark, From: at, Told: at, Begin: &feed.Session{From: at}})
	}
	hears := func(name string, minute int) { mark(name, feed.Mark{What: feed.ProofMark, Until: clock(minute)}) }
	want := func(said string, start int, complete bool, feeds ...collector.Status) {
		t.Helper()
		held, err := h.Summaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := describeInterval(t.Context(), &Data{History: h}, feeds, held)
		if err != nil {
			t.Fatal(err)
		}
		if got == nil || record.Instant(got.Start) != clock(start) || got.Complete != complete {
			t.Errorf("%s: %+v, want from minute %d, complete: %v", said, got, start, complete)
		}
	}
	pbx, late, unknown := collector.Status{Name: "pbx", State: feed.Live}, collector.Status{Name: "late", State: feed.Live}, collector.Status{Name: "unknown", State: feed.Down}
	if got, err := describeInterval(t.Context(), &Data{History: h}, []collector.Status{unknown}, nil); got != nil || err != nil {
		t.Errorf("of a server that never heard anything: %v, %v", got, err)
	}
	begins("pbx", 10)
	hears("pbx", 29)
	want("it began within it", 0, false, pbx)
	hears("pbx", 30)
	want("it was heard to its very end", 15, true, pbx)
	want("one was never there", 15, false, pbx, unknown)
	begins("late", 20)
	hears("late", 31)
	want("one began late", 15, false, pbx, late)
	late.State = feed.Held
	want("that one is paused", 15, true, pbx, late)
}
