package fill

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

var errCut = errors.New("the link is cut")

// A listener is one twin of a drawn world: what it heard, and what it holds.
type listener struct {
	Local
	heard []record.Span // sessions, in order
}

// world is an upstream, and two twins that each heard a part of what it said.
type world struct {
	feed string
	all  []record.Record
	held map[record.Key]bool // by either twin, at first
	twin [2]listener
}

// drawWorld draws an upstream that speaks for a quarter of an hour, and what
// each twin heard and, at random, lost without noticing.
func drawWorld(t *rapid.T, name string, a, b Local) world {
	w := world{feed: name, twin: [2]listener{{Local: a}, {Local: b}}}
	whole := record.Span{From: noon, To: noon + 15*record.Minute}
	at := whole.From
	for at < whole.To && len(w.all) < 400 {
		at += record.Instant(rapid.SampledFrom([]int64{0, 1, 50_000, 900_000, 7_000_000}).Draw(t, "step"))
		for n := range uint32(rapid.IntRange(1, 3).Draw(t, "together")) {
			w.all = append(w.all, record.New(at, n/2, fmt.Appendf(nil, "%d said at %d", n%2, at)))
		}
	}
	slices.SortFunc(w.all, func(x, y record.Record) int { return x.Key.Compare(y.Key) })
	w.all = slices.CompactFunc(w.all, func(x, y record.Record) bool { return x.Key == y.Key })
	for i := range w.twin {
		w.twin[i].listen(t, w, whole)
	}
	w.held = w.holds(t, 0)
	maps.Copy(w.held, w.holds(t, 1))
	return w
}

func (l *listener) listen(t *rapid.T, w world, whole record.Span) {
	start(t, l.Local, w.feed)
	quarter := int64(whole.To-whole.From) / 4
	at := whole.From + record.Instant(rapid.Int64Range(0, quarter).Draw(t, "begins"))
	for range rapid.IntRange(1, 4).Draw(t, "sessions") {
		s := record.Span{From: at, To: at + record.Instant(rapid.Int64Range(1, quarter).Draw(t, "hears"))}
		// What comes behind the last proof is stored, and not proven.
		unproven := in(w.all, record.Span{From: s.To, To: s.To + record.Instant(rapid.Int64Range(0, 5).Draw(t, "unproven"))*second})
		stored := append(in(w.all, s), unproven...)
		for range rapid.IntRange(0, 2).Draw(t, "loses") {
			if n := len(stored); n > 0 {
				lost := stored[rapid.IntRange(0, n-1).Draw(t, "lost")]
				// Identical ones go together: tallies cannot tell one from the other.
				stored = slices.DeleteFunc(stored, func(r record.Record) bool { return r.At == lost.At && r.Digest == lost.Digest })
			}
		}
		hear(t, l.Local, w.feed, s, stored)
		l.heard = append(l.heard, s)
		at = s.To + record.Instant(rapid.Int64Range(1, quarter/2).Draw(t, "deaf"))
	}
	if rapid.Bool().Draw(t, "listens on") {
		commit(t, l.Local, w.feed, feed.Batch{Marks: []feed.Mark{{What: feed.BeginMark, Begin: &feed.Session{From: at}}}})
		l.heard = append(l.heard, record.Span{From: at, To: at})
	}
}

func (l *listener) coveredUntil() record.Instant { return l.heard[len(l.heard)-1].To }

// cutWire carries calls until the cut.
func cutWire(s Side, after int) *wire {
	w := newWire(s)
	w.before = func(call int) error {
		if call > after {
			return errCut
		}
		return nil
	}
	return w
}

// Both ways, cut at any call: nothing is claimed that is not here; in the end
// both hold the same, each gap is judged as it should be, and a second run adds
// nothing.
func TestFillMakesTwinsEqual(t *testing.T) { fillMakesTwinsEqual(t, 40) }

func fillMakesTwinsEqual(t *testing.T, histories int) {
	t.Helper()
	a, b := open(t), open(t)
	n := 0
	defer draws.Percent(histories)()
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := drawWorld(t, fmt.Sprintf("feed %d", n), a, b)
		opt := Options{Feeds: []string{w.feed}, All: rapid.Bool().Draw(t, "all")}
		for range rapid.IntRange(0, 3).Draw(t, "cuts") {
			i := rapid.IntRange(0, 1).Draw(t, "into")
			from := cutWire(w.twin[1-i].Local, rapid.IntRange(0, 12).Draw(t, "calls"))
			_, err := Fill(context.Background(), w.twin[i].Local, Remote{from}, opt)
			if err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			w.checkFilled(t)
		}
		before := [2]map[record.Key]bool{w.holds(t, 0), w.holds(t, 1)}
		for i := range w.twin {
			done := mustFill(t, w.twin[i].Local, Remote{newWire(w.twin[1-i].Local)}, opt).Feeds[0]
			if added := len(w.holds(t, i)) - len(before[i]); int(done.Added) != added {
				t.Fatalf("twin %d: %+v, and %d were added", i, done, added)
			}
			w.checkFilled(t)
		}
		w.checkGaps(t)
		w.checkEqual(t)
		for i := range w.twin {
			again := mustFill(t, w.twin[i].Local, Remote{newWire(w.twin[1-i].Local)}, opt).Feeds[0]
			if again.Added != 0 || again.Filled != 0 || again.Lost != 0 {
				t.Fatalf("twin %d again: %+v", i, again)
			}
		}
	})
}

func (w world) holds(t fataler, i int) map[record.Key]bool {
	t.Helper()
	return keysOf(t, w.twin[i].Local, w.feed, record.Span{})
}

// checkFilled proves that each gap that is filled holds all that either twin
// ever had of it.
func (w world) checkFilled(t fataler) {
	t.Helper()
	for i, l := range w.twin {
		holds := w.holds(t, i)
		for _, g := range gapsOf(t, l.Local, w.feed) {
			if g.State != history.GapFilled {
				continue
			}
			for _, r := range in(w.all, record.Span{From: g.From, To: *g.To}) {
				if w.held[r.Key] && !holds[r.Key] {
					t.Fatalf("twin %d: %+v is filled without the record at %s", i, g, r.At)
				}
			}
		}
	}
}

// checkGaps proves the verdict on each gap that is over, at its borders and at
// those of what the twin heard.
func (w world) checkGaps(t fataler) {
	t.Helper()
	for i, l := range w.twin {
		twin := w.twin[1-i]
		for _, g := range gapsOf(t, l.Local, w.feed) {
			if g.To == nil || *g.To == g.From {
				continue
			}
			s := record.Span{From: g.From, To: *g.To}
			heard := record.Intersect([]record.Span{s}, twin.heard)
			whole := len(heard) == 1 && heard[0] == s
			want := history.GapOpen
			switch {
			case whole:
				want = history.GapFilled
			case len(heard) > 0:
				t.Fatalf("twin %d: %+v is one gap, though %v of it were heard", i, g, heard)
			case s.To <= twin.coveredUntil():
				want = history.GapLost
			}
			if g.State != want {
				t.Fatalf("twin %d: %+v, want %s; the twin heard %v", i, g, want, twin.heard)
			}
		}
	}
}

// checkEqual proves that both hold the same up to what both closed, and that
// Compare says so.
func (w world) checkEqual(t fataler) {
	t.Helper()
	c := mustCompare(t, w.twin[0].Local, Remote{newWire(w.twin[1].Local)}, CompareOptions{Feeds: []string{w.feed}})
	f := c.Feeds[0]
	s := record.Span{From: f.From, To: f.To}
	if f.To <= f.From {
		return
	}
	here, there := keysOf(t, w.twin[0].Local, w.feed, s), keysOf(t, w.twin[1].Local, w.feed, s)
	if !maps.Equal(here, there) || !c.Equal || int(f.Here) != len(here) || f.Here != f.There {
		t.Fatalf("%+v; here %d, there %d", f, len(here), len(there))
	}
}

// Compare counts exactly what a comparison of all keys counts, and nothing
// behind what both have closed.
func TestCompareCountsWhatDiffers(t *testing.T) {
	a, b := open(t), open(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := drawWorld(t, fmt.Sprintf("feed %d", n), a, b)
		opt := CompareOptions{Feeds: []string{w.feed}, Closed: rapid.Bool().Draw(t, "closed")}
		got := mustCompare(t, a, Remote{newWire(b)}, opt).Feeds[0]
		want := FeedComparison{Feed: w.feed, From: got.From, To: got.To, Until: min(w.twin[0].coveredUntil(), w.twin[1].coveredUntil())}
		if got.To > max(want.Until, got.From) {
			t.Fatalf("compared up to %s, and closed is %s", got.To, want.Until)
		}
		if first := w.all[0].At; got.From > first && got.From > record.Bucket(first)+record.BucketWidth {
			t.Fatalf("compared from %s only; the first was said at %s", got.From, first)
		}
		if s := (record.Span{From: got.From, To: got.To}); !s.Empty() {
			here, there := keysOf(t, a, w.feed, s), keysOf(t, b, w.feed, s)
			want.Here, want.There = int64(len(here)), int64(len(there))
			for k := range here {
				if !there[k] {
					want.OnlyHere++
				}
			}
			want.OnlyThere = want.There - (want.Here - want.OnlyHere)
		}
		want.Equal = want.OnlyHere+want.OnlyThere == 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}
