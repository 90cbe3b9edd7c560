// Package fill finds where the histories of two twins differ, and copies what
// is missing in one of them from the other. It has no SQL and no SSH of its
// own: both histories are a [Side], one of them beyond a link.
//
// Compare and Fill look only at what both twins have closed and still retain,
// so the live edge is never taken for a difference. But where a gap lasts, Fill
// copies all that the twin has heard so far: whoever reads here need not wait
// for its end, by which it is judged.
package fill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// ErrUntrusted is returned when the other side said what cannot be true:
// records that do not fit their digest or lie outside of what was asked, more
// than it claims to have, answers out of order. Nothing of such an answer is
// stored.
var ErrUntrusted = errors.New("the twin's answer is not to be trusted")

// Options say what to fill, and how gently. The zero value fills all feeds.
type Options struct {
	Feeds []string // nil: all that both sides know; one that is not known here is an error
	// All rebuilds: it copies all that the twin has heard, also what lies
	// behind what this server itself has heard.
	All bool
	// Closed leaves out the five minutes that are not over yet, as Options of
	// Compare does.
	Closed bool
	// GapsOnly looks at nothing but the gaps here.
	GapsOnly bool
	// Since leaves out what lies before its bucket, but not the gaps; zero:
	// nothing.
	Since  record.Instant
	Pace   int            // records a second at the most; 0: as fast as it goes
	Report func(Progress) // called after each merge; may be nil
	// Room is called before each merge, with how long the last one took, and
	// after each page came, with how long that took, by two goroutines. It waits
	// until there is room beside collecting, and returns how many records may be
	// merged at once; 0: as many as are useful. May be nil.
	Room func(ctx context.Context, took time.Duration) (rows int)
	// Along has records go along with what is collected, a few at a time, where
	// Room tells that anything is.
	Along bool
}

// shortPage is how much is asked for at once beside collecting: what a page
// costs either twin at once, nothing that is collected meanwhile shall feel.
const shortPage = 64 << 10

func (o Options) pageBytes() int {
	if o.Along {
		return shortPage
	}
	return pageBytes
}

// Progress is how far the filling of one feed has come. Total grows while
// differences are still being found.
type Progress struct {
	Feed        string
	Done, Total int64         // records that came, and that will come
	Rate        float64       // records a second since the feed's beginning
	Remaining   time.Duration // at that rate
}

// Result is what a fill did.
type Result struct {
	Feeds   []FeedResult `json:"feeds"`
	Unknown []string     `json:"unknown,omitempty"` // feeds of the twin that are not configured here
}

// FeedResult is what a fill did for one feed.
type FeedResult struct {
	Feed        string `json:"feed"`
	Ranges      int    `json:"ranges"`      // stretches that were copied
	Added       int64  `json:"added"`       // records that were missing here
	Already     int64  `json:"already"`     // records of those stretches that were here
	Unannounced int64  `json:"unannounced"` // of Added: where no gap had told that anything was missing
	Filled      int    `json:"filled"`      // gaps, or pieces of gaps
	Lost        int    `json:"lost"`
	StillOpen   int    `json:"still_open"`
	Damaged     int64  `json:"damaged"`  // records that the twin could not give because they rot there
	Withheld    int64  `json:"withheld"` // records that the twin claims to have and did not give
	Untimed     int64  `json:"untimed"`  // records of the twin without time of their own, which are never copied
}

// Fill copies into one history what the other has and it has not, and settles
// the gaps that it could fill. What was merged stays: after an error, or when
// ctx ends, the next run goes on from there, and a run that finds nothing
// missing adds nothing. The result tells of the feeds so far, also beside an
// error. Only one Fill may run into the same history.
func Fill(ctx context.Context, into Target, from Side, opt Options) (Result, error) {
	done := Result{Feeds: []FeedResult{}}
	// The twin is asked how far it has heard before anything is copied: what
	// it hears meanwhile is no part of any claim.
	there, err := from.Extents(ctx)
	if err != nil {
		return done, err
	}
	here, err := into.Extents(ctx)
	if err != nil {
		return done, err
	}
	names, err := choose(opt.Feeds, here)
	if err != nil {
		return done, err
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if _, known := here[name]; !known && len(opt.Feeds) == 0 {
			done.Unknown = append(done.Unknown, name)
		}
	}
	for _, name := range names {
		f := filler{into: into, from: &wary{Side: from, most: maxIdle}, opt: opt, name: name, here: here[name], there: there[name]}
		err := f.run(ctx)
		done.Feeds = append(done.Feeds, f.done)
		if err != nil {
			return done, fmt.Errorf("fill feed %q: %w", name, err)
		}
	}
	return done, nil
}

// choose returns the feeds that were asked for, or all that are known, in order.
func choose(asked []string, known map[string]history.Extent) ([]string, error) {
	if len(asked) == 0 {
		return slices.Sorted(maps.Keys(known)), nil
	}
	for _, name := range asked {
		if _, ok := known[name]; !ok {
			return nil, fmt.Errorf("%w %q", history.ErrUnknownFeed, name)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

// A filler fills one feed.
type filler struct {
	into        Target
	from        *wary
	opt         Options
	name        string
	here, there history.Extent // before anything is copied
	done        FeedResult
}

func (f *filler) run(ctx context.Context) error {
	f.done.Feed, f.done.Untimed = f.name, f.there.Untimed
	if f.there == (history.Extent{}) { // the twin does not know the feed
		return f.settle(ctx, history.Testimony{})
	}
	if err := f.reach(ctx); err != nil {
		return err
	}
	gaps, err := f.into.OpenGaps(ctx, f.name, true)
	if err != nil {
		return err
	}
	heard, err := f.heard(ctx, gaps)
	if err != nil {
		return err
	}
	announced := record.Union(append(f.lasting(), gaps...))
	looked := look(f.here, f.there, announced, record.Span{From: record.Bucket(f.opt.Since), To: f.limit()})
	c := copier{filler: f, gaps: announced}
	if err := c.copy(ctx, looked); err != nil {
		return err
	}
	dropped, err := f.dropped(ctx)
	if err != nil {
		return err
	}
	return f.settle(ctx, history.Testimony{
		Asked: asked(gaps, c.withheld, dropped),
		Heard: heard,
		Until: f.there.CoveredUntil,
	})
}

func (f *filler) settle(ctx context.Context, said history.Testimony) error {
	settled, err := f.into.Settle(ctx, f.name, said)
	f.done.Filled, f.done.Lost, f.done.StillOpen = settled.Filled, settled.Lost, settled.Open
	return err
}

// sameStart is how far apart two servers may have begun to hear an upstream
// without a gap: each proves what it hears in steps.
const sameStart = 10 * record.Second

// reach makes the gap list reach back to where the twin's history begins.
func (f *filler) reach(ctx context.Context) error {
	from := f.there.First
	if from == 0 || f.there.HeardFrom != 0 && f.there.HeardFrom < from {
		from = f.there.HeardFrom
	}
	if from == 0 || f.here.HeardFrom != 0 && f.here.HeardFrom-from <= sameStart {
		return nil
	}
	return f.into.Reach(ctx, f.name, max(from, f.here.RetainedFrom, f.there.RetainedFrom))
}

// heard asks how much of the gaps the twin has heard.
func (f *filler) heard(ctx context.Context, gaps []record.Span) ([]record.Span, error) {
	if len(gaps) == 0 {
		return nil, nil
	}
	hull := record.Span{From: gaps[0].From, To: gaps[len(gaps)-1].To}.
		Intersect(record.Span{From: f.there.RetainedFrom, To: f.there.CoveredUntil})
	if hull.Empty() {
		return nil, nil
	}
	heard, err := f.from.Heard(ctx, f.name, hull)
	if err != nil {
		return nil, err
	}
	return heard, checkSpans(heard, hull)
}

// dropped asks what the twin has dropped since it was asked what it heard: that
// may not have come whole.
func (f *filler) dropped(ctx context.Context) (record.Span, error) {
	now, err := f.from.Extents(ctx)
	if err != nil {
		return record.Span{}, err
	}
	e, ok := now[f.name]
	if !ok || e.RetainedFrom < f.there.RetainedFrom {
		return record.Span{}, fmt.Errorf("%w: it has become another history", ErrUntrusted)
	}
	return record.Span{From: f.there.RetainedFrom, To: e.RetainedFrom}, nil
}

// lasting returns what the twin has heard so far while nothing is heard here.
func (f *filler) lasting() []record.Span {
	s := record.Span{From: f.here.DeafSince, To: f.theirs()}
	if s.From == 0 || s.Empty() {
		return nil
	}
	return []record.Span{s}
}

// limit returns up to when this run looks at all.
func (f *filler) limit() record.Instant {
	if f.opt.GapsOnly {
		return 0
	}
	to := min(f.here.CoveredUntil, f.there.CoveredUntil)
	if f.opt.All {
		to = f.theirs()
	}
	return closed(to, f.opt.Closed)
}

// theirs returns up to when the twin has heard, as far as that can be: no record
// may lie further ahead of the clock.
func (f *filler) theirs() record.Instant {
	return min(f.there.CoveredUntil, record.At(time.Now())+record.Hour)
}

// inGap tells which of the spans, in order, at lies in; -1 is none.
func inGap(gaps []record.Span, at record.Instant) int {
	i, exact := slices.BinarySearchFunc(gaps, at, func(s record.Span, at record.Instant) int { return cmp.Compare(s.From, at) })
	if !exact {
		i--
	}
	if i < 0 || at >= gaps[i].To {
		return -1
	}
	return i
}
