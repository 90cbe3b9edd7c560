package fill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// hour is the stretch that the twin heard in full.
var hour = record.Span{From: noon, To: noon + record.Hour}

// pair returns a twin that heard the whole hour, and one with a gap in it from
// the tenth to the thirtieth minute.
func pair(t *testing.T) (gappy, full Local) {
	t.Helper()
	gappy, full = open(t), open(t)
	all := said(hour, second)
	hear(t, full, "pbx", hour, all)
	for _, s := range []record.Span{{From: hour.From, To: hour.From + 10*record.Minute}, {From: hour.From + 30*record.Minute, To: hour.To}} {
		hear(t, gappy, "pbx", s, in(all, s))
	}
	return gappy, full
}

func one(t *testing.T, r Result) FeedResult {
	t.Helper()
	if len(r.Feeds) != 1 {
		t.Fatalf("%+v, want one feed", r)
	}
	return r.Feeds[0]
}

func TestFillClosesAGap(t *testing.T) {
	a, b := pair(t)
	before := mustCompare(t, a, Remote{newWire(b)}, CompareOptions{})
	if f := before.Feeds[0]; before.Equal || f.OnlyThere != 1200 || f.OnlyHere != 0 || f.There != 3600 || f.Here != 2400 {
		t.Errorf("before: %+v", f)
	}
	var last Progress
	rows := 0
	var steps atomic.Int64
	got := one(t, mustFill(t, a, Remote{newWire(b)}, Options{
		Report: func(p Progress) {
			rows, last = max(rows, int(p.Done-last.Done)), p
		},
		Room: func(_ context.Context, took time.Duration) int {
			if took > 0 {
				steps.Add(1)
			}
			return 50
		},
	}))
	if diff := cmp.Diff(FeedResult{Feed: "pbx", Ranges: 1, Added: 1200, Filled: 1}, got, cmpopts.IgnoreFields(FeedResult{}, "Already", "Ranges")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if last.Feed != "pbx" || last.Done != last.Total || last.Done != got.Added+got.Already || last.Remaining != 0 || steps.Load() < 24 || rows > 50 {
		t.Errorf("progress %+v, %d steps of at most %d records", last, steps.Load(), rows)
	}
	if got.Already > 2*smallRange {
		t.Errorf("%d records came in vain", got.Already)
	}
	if c := mustCompare(t, a, b, CompareOptions{}); !c.Equal || c.Feeds[0].Here != 3600 {
		t.Errorf("after: %+v", c)
	}
	for row, err := range a.DB.Records(t.Context(), history.Range{Feed: "pbx", From: hour.From + 20*record.Minute, To: hour.From + 21*record.Minute}) {
		if err != nil || row.Origin != history.FromTwin || row.Kind != 1 {
			t.Fatalf("%+v, %v", row, err)
		}
	}
	again := one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if diff := cmp.Diff(FeedResult{Feed: "pbx"}, again); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
}

// A server whose disk is gone gets everything back, with a gap that tells of it.
func TestFillRebuilds(t *testing.T) {
	for _, heardAlready := range []bool{false, true} {
		t.Run(fmt.Sprint("heard already ", heardAlready), func(t *testing.T) {
			_, full := pair(t)
			fresh := open(t)
			start(t, fresh, "pbx")
			if heardAlready {
				s := record.Span{From: hour.To - record.Minute, To: hour.To}
				hear(t, fresh, "pbx", s, said(s, second))
			}
			got := one(t, mustFill(t, fresh, Remote{newWire(full)}, Options{All: true}))
			if want := int64(3600); got.Added+map[bool]int64{true: 60}[heardAlready] != want {
				t.Errorf("%+v", got)
			}
			here, there := keysOf(t, fresh, "pbx", record.Span{}), keysOf(t, full, "pbx", record.Span{})
			if diff := cmp.Diff(there, here); diff != "" {
				t.Errorf("(-there +here)\n%s", diff)
			}
			gaps := gapsOf(t, fresh, "pbx")
			if heardAlready && (gaps[0].State != history.GapFilled || gaps[0].From != hour.From) {
				t.Errorf("gaps %+v", gaps)
			}
		})
	}
}

func TestFillTellsWhatNoGapAnnounced(t *testing.T) {
	a, b := open(t), open(t)
	all := said(hour, second)
	hear(t, b, "pbx", hour, all)
	hear(t, a, "pbx", hour, append(append([]record.Record{}, all[:100]...), all[103:]...))
	got := one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Added != 3 || got.Unannounced != 3 {
		t.Errorf("%+v", got)
	}
}

func TestFillLosesWhatNobodyHeardUntilSomebodyDid(t *testing.T) {
	a, b := pair(t)
	// a's twin was away for longer at first, then comes back with its records.
	deaf := open(t)
	for _, s := range []record.Span{{From: hour.From, To: hour.From + record.Minute}, {From: hour.To - record.Minute, To: hour.To}} {
		hear(t, deaf, "pbx", s, said(s, second))
	}
	got := one(t, mustFill(t, a, Remote{newWire(deaf)}, Options{}))
	if got.Added != 0 || got.Lost != 1 || got.StillOpen != 0 || gapsOf(t, a, "pbx")[0].State != history.GapLost {
		t.Errorf("%+v, %+v", got, gapsOf(t, a, "pbx"))
	}
	got = one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Added != 1200 || got.Unannounced != 0 || got.Filled != 1 || gapsOf(t, a, "pbx")[0].State != history.GapFilled {
		t.Errorf("%+v, %+v", got, gapsOf(t, a, "pbx"))
	}
}

// What the twin hears while it is copied from is no part of the claim, and a
// gap that comes about meanwhile is not judged by it.
func TestFillClaimsOnlyWhatItCopied(t *testing.T) {
	a, b := open(t), open(t)
	minute := func(n int) record.Instant { return noon + record.Instant(n)*record.Minute }
	span := func(from, to int) record.Span { return record.Span{From: minute(from), To: minute(to)} }
	hear(t, a, "pbx", span(0, 5), said(span(0, 5), second))
	hear(t, a, "pbx", span(10, 11), said(span(10, 11), second))
	hear(t, b, "pbx", span(0, 8), said(span(0, 8), second)) // not up to the end of a's gap yet
	w := newWire(b)
	w.spoil = func(what string, bytes []byte) []byte {
		if what == "records" {
			w.spoil = nil
			hear(t, b, "pbx", span(8, 30), said(span(8, 30), second))
			hear(t, a, "pbx", span(20, 21), said(span(20, 21), second))
		}
		return bytes
	}
	got := one(t, mustFill(t, a, Remote{w}, Options{}))
	if got.Added != 180 || got.Filled != 1 || got.Lost != 0 || got.StillOpen != 2 {
		t.Errorf("%+v", got)
	}
	got = one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Added != 120+540+540 || got.Filled != 2 || got.StillOpen != 0 || got.Unannounced != 0 {
		t.Errorf("then %+v", got)
	}
}

// A record that rots at the twin does not travel, does not stop the others, and
// is not claimed.
func TestFillPassesOverDamage(t *testing.T) {
	a, b := pair(t)
	rotten := record.New(hour.From+15*record.Minute+1, 0, []byte("sound"))
	row := history.Row{Record: rotten, Kind: 1}
	row.Raw = []byte("rotten")
	if _, err := b.Merge(t.Context(), "pbx", []history.Row{row}); err != nil {
		t.Fatal(err)
	}
	w := newWire(b)
	var told []record.Key
	w.tree.Damaged = func(_ string, k record.Key) { told = append(told, k) }
	got := one(t, mustFill(t, a, Remote{w}, Options{}))
	if got.Added != 1200 || got.Damaged != 1 || got.Filled != 2 || got.StillOpen != 1 || got.Withheld != 0 || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]record.Key{rotten.Key}, told); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}

	// Here it is sound: the twin takes it again, and then all is well.
	sound := row
	sound.Raw = rotten.Raw
	if _, err := a.Merge(t.Context(), "pbx", []history.Row{sound}); err != nil {
		t.Fatal(err)
	}
	found, err := b.Verify(t.Context(), "pbx", func(history.Progress) {})
	if err != nil || len(found.Damaged) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if n, err := Mend(t.Context(), b, Remote{newWire(a)}, "pbx", found); n != 1 || err != nil {
		t.Fatalf("mended %d, %v", n, err)
	}
	if found, err = b.Verify(t.Context(), "pbx", func(history.Progress) {}); err != nil || !found.Sound() {
		t.Errorf("%+v, %v", found, err)
	}
	got = one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Damaged != 0 || got.Filled != 1 || got.StillOpen != 0 {
		t.Errorf("then %+v", got)
	}
}

func TestMendLeavesWhatTheTwinHasNot(t *testing.T) {
	a, b := pair(t)
	if n, err := Mend(t.Context(), a, b, "pbx", history.Verdict{Damaged: []record.Key{{At: hour.From + 7}}}); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// While it is copied from, the twin drops days by its own right.
func TestFillWhileTheTwinDrops(t *testing.T) {
	a, b := open(t), open(t)
	days := record.Span{From: floor(noon, day), To: floor(noon, day) + 3*day}
	all := said(days, record.Minute)
	hear(t, b, "pbx", days, all)
	start(t, a, "pbx")
	hear(t, a, "pbx", record.Span{From: days.To - record.Hour, To: days.To}, nil)
	w := newWire(b)
	w.spoil = func(what string, bytes []byte) []byte {
		if what == "records" {
			w.spoil = nil
			if _, err := b.Drop(context.Background(), "pbx", days.From+day, true); err != nil {
				t.Error(err)
			}
		}
		return bytes
	}
	got := one(t, mustFill(t, a, Remote{w}, Options{}))
	if got.Filled != 1 || got.StillOpen != 1 || got.Lost != 0 {
		t.Errorf("%+v %+v", got, gapsOf(t, a, "pbx"))
	}
	got = one(t, mustFill(t, a, Remote{newWire(b)}, Options{}))
	if got.Added != 0 || got.Lost != 1 || got.StillOpen != 0 {
		t.Errorf("then %+v", got)
	}
}

func TestFillOfUnknownFeeds(t *testing.T) {
	a, b := pair(t)
	hear(t, b, "fax", hour, said(hour, record.Minute))
	start(t, a, "door")
	if _, err := Fill(t.Context(), a, b, Options{Feeds: []string{"fax"}}); !errors.Is(err, history.ErrUnknownFeed) {
		t.Errorf("a feed that is not known here: %v", err)
	}
	got := mustFill(t, a, b, Options{})
	if diff := cmp.Diff([]string{"fax"}, got.Unknown); diff != "" || len(got.Feeds) != 2 || got.Feeds[0].Feed != "door" {
		t.Errorf("%+v", got)
	}
	c := mustCompare(t, a, b, CompareOptions{})
	if c.Equal || len(c.Feeds) != 3 || c.Feeds[1].Unknown != "here" || c.Feeds[1].OnlyThere != 60 || !c.Feeds[0].Equal {
		t.Errorf("%+v", c)
	}
	if _, err := Compare(t.Context(), a, b, CompareOptions{Feeds: []string{"nix"}}); !errors.Is(err, history.ErrUnknownFeed) {
		t.Errorf("a feed that nobody knows: %v", err)
	}
}

func TestFillKeepsToItsPace(t *testing.T) {
	a, b := pair(t)
	begun := time.Now()
	mustFill(t, a, b, Options{Pace: 6000})
	if took := time.Since(begun); took < 190*time.Millisecond {
		t.Errorf("1,200 records at 6,000 a second took %s", took)
	}
	a, b = pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Fill(ctx, a, b, Options{Pace: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

// Both fill from each other at once, and both go on collecting.
func TestFillBothWaysAtOnce(t *testing.T) {
	a, b := open(t), open(t)
	start(t, a, "pbx")
	start(t, b, "pbx")
	all := said(hour, second/4)
	for i, l := range []Local{a, b} {
		for m := record.Instant(i); m < 60; m += 2 {
			s := record.Span{From: hour.From + m*record.Minute, To: hour.From + (m+1)*record.Minute}
			hear(t, l, "pbx", s, in(all, s))
		}
	}
	live := record.Span{From: hour.To + record.Minute, To: hour.To + 2*record.Minute}
	var g errgroup.Group
	for i, l := range []Local{a, b} {
		other := []Local{b, a}[i]
		g.Go(func() error {
			_, err := Fill(context.Background(), l, Remote{newWire(other)}, Options{})
			return err
		})
		g.Go(func() error {
			for _, r := range said(live, second) {
				_, err := l.Commit(context.Background(), []history.Batch{{Feed: "pbx", Kind: 1, Batch: feed.Batch{Records: []record.Record{r}}}})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	mustFill(t, a, b, Options{})
	mustFill(t, b, a, Options{})
	if c := mustCompare(t, a, b, CompareOptions{}); !c.Equal || c.Feeds[0].Here < 59*240 {
		t.Errorf("%+v", c)
	}
}

func TestAgree(t *testing.T) {
	a, b := open(t), open(t)
	days := record.Span{From: floor(noon, day), To: floor(noon, day) + 3*day + record.Hour}
	all := said(days, record.Hour)
	hear(t, b, "pbx", days, all)
	hear(t, a, "pbx", days, all[:len(all)-10]) // the third day differs, the fourth is not closed
	for range 2 {
		if n, err := Agree(t.Context(), a, Remote{newWire(b)}, 0); n != 2 || err != nil {
			t.Errorf("agreed on %d days, %v", n, err)
		}
	}
	if n, err := Agree(t.Context(), a, b, days.From+day); n != 1 || err != nil {
		t.Errorf("agreed on %d days since the second, %v", n, err)
	}
	if _, err := a.Drop(t.Context(), "pbx", days.To, false); !errors.Is(err, history.ErrNotAgreed) {
		t.Errorf("dropped: %v", err)
	}
	if e, err := a.Extent(t.Context(), "pbx"); err != nil || e.RetainedFrom != days.From+2*day {
		t.Errorf("%+v, %v", e, err)
	}
	// What is gone here is no difference, and does not come back.
	c := mustCompare(t, a, b, CompareOptions{})
	if f := c.Feeds[0]; f.From != days.From+2*day || f.OnlyThere == 0 {
		t.Errorf("%+v", f)
	}
	if got := one(t, mustFill(t, a, b, Options{})); got.Added != 10 && got.Added != 9 {
		t.Errorf("%+v", got)
	}
}

// A gap that ends while a fill runs was no part of what the twin was asked: it
// stays open, although all its records came, and the next fill judges it.
func TestGapThatEndsDuringFillIsNotLost(t *testing.T) {
	here, full := open(t), open(t)
	all := said(hour, second)
	hear(t, full, "pbx", hour, all)
	first := record.Span{From: hour.From, To: hour.From + 10*record.Minute}
	hear(t, here, "pbx", first, in(all, first)) // it is down from then on
	back := sync.OnceFunc(func() {
		commit(t, here, "pbx", feed.Batch{Marks: []feed.Mark{
			{What: feed.BeginMark, Begin: &feed.Session{From: hour.From + 40*record.Minute}},
		}})
	})
	mustFill(t, here, Remote{newWire(full)}, Options{All: true, Report: func(Progress) { back() }})
	for _, g := range gapsOf(t, here, "pbx") {
		if g.State != history.GapOpen {
			t.Errorf("%+v", g)
		}
	}
	mustFill(t, here, Remote{newWire(full)}, Options{})
	for _, g := range gapsOf(t, here, "pbx") {
		if g.State != history.GapFilled {
			t.Errorf("after the next fill: %+v", g)
		}
	}
}
