package fill

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const day = 24 * record.Hour

// widths are the slots by which two sides are compared, from coarse to fine;
// each is a multiple of the next. Down to a bucket the tallies of slots are
// kept; those of the 64 slots of a bucket, and of the 60 of such a slot, are
// taken from the records on request.
var widths = [...]record.Instant{
	4096 * day, 64 * day, day,
	record.BucketWidth, record.BucketWidth / 64, record.BucketWidth / 64 / 60,
}

const (
	bucketLevel = 3 // in widths; finer ones may be cut anywhere
	finest      = len(widths) - 1

	// maxSlots is how many slots are asked for at a time: half a megabyte on
	// the wire.
	maxSlots = 16 << 10
	// maxCount is more than a slot can hold.
	maxCount = 1 << 40
)

// closed returns up to when what was heard until then can be compared: a whole
// slot, or with buckets true a whole bucket.
func closed(until record.Instant, buckets bool) record.Instant {
	if buckets {
		return floor(until, record.BucketWidth)
	}
	return floor(until, widths[finest])
}

// floor returns the last border of slots of that width that is not after at.
// Nothing is as old as 1970.
func floor(at, width record.Instant) record.Instant { return at - at%width }

// A stretch is a span and what each side has there.
type stretch struct {
	record.Span
	here, there record.Tally
}

func (s stretch) differs() bool { return s.here != s.there }

// A walk finds the stretches in which two sides differ, from large slots to
// small ones.
type walk struct {
	here, there Side
	feed        string
	// small ends the walk at stretches that hold no more records than this on
	// both sides together.
	small int64
	// large ends it where one side has nothing and the other has no more than this.
	large int64
	// leaf is told the stretches that differ, in order of time.
	leaf func(context.Context, stretch) error
}

// span walks a span. It returns it with what each side has there.
func (w *walk) span(ctx context.Context, s record.Span) (stretch, error) {
	all := stretch{Span: s}
	for _, p := range parts(s) {
		found, err := w.level(ctx, p.Span, p.level)
		if err != nil {
			return all, err
		}
		all.here, all.there = all.here.Plus(found.here), all.there.Plus(found.there)
	}
	return all, nil
}

// A part is a span and where in widths to begin with it.
type part struct {
	record.Span
	level int
}

// parts cuts a span into what whole buckets tell of, and what lies before and
// behind.
func parts(s record.Span) []part {
	const w = record.BucketWidth
	whole := record.Span{From: floor(s.From+w-1, w), To: floor(s.To, w)}
	if whole.Empty() {
		whole = record.Span{From: s.To, To: s.To}
	}
	var all []part
	for _, p := range []part{
		{record.Span{From: s.From, To: whole.From}, bucketLevel + 1},
		{whole, 0},
		{record.Span{From: whole.To, To: s.To}, bucketLevel + 1},
	} {
		if !p.Empty() {
			all = append(all, p)
		}
	}
	return all
}

// level compares the slots of one width, and goes on below those that differ.
func (w *walk) level(ctx context.Context, s record.Span, level int) (stretch, error) {
	all := stretch{Span: s}
	width := widths[level]
	for from := s.From; from < s.To; {
		to := min(floor(from, width)+maxSlots*width, s.To)
		slots, err := w.slots(ctx, record.Span{From: from, To: to}, width)
		if err != nil {
			return all, err
		}
		for _, slot := range slots {
			all.here, all.there = all.here.Plus(slot.here), all.there.Plus(slot.there)
		}
		if err := w.below(ctx, slots, level); err != nil {
			return all, err
		}
		from = to
	}
	return all, nil
}

// below tells leaf of the slots that differ, and walks on in those that are no
// leaves; neighbours together, because each step is a round trip.
func (w *walk) below(ctx context.Context, slots []stretch, level int) error {
	var run record.Span
	flush := func() (err error) {
		if !run.Empty() {
			_, err = w.level(ctx, run, finer(level, run))
		}
		run = record.Span{}
		return err
	}
	for _, s := range slots {
		deeper := s.differs() && !w.isLeaf(s, level)
		if deeper && run.To == s.From && !run.Empty() {
			run.To = s.To
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		switch {
		case deeper:
			run = s.Span
		case s.differs():
			if err := w.leaf(ctx, s); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (w *walk) isLeaf(s stretch, level int) bool {
	if s.here.Count == 0 || s.there.Count == 0 {
		return level == finest || s.here.Count+s.there.Count <= w.large
	}
	return level == finest || s.here.Count+s.there.Count <= w.small
}

// finer returns the level below that splits a span at all.
func finer(level int, s record.Span) int {
	level++
	for level < finest && widths[level] >= s.To-s.From {
		level++
	}
	return level
}

// slots returns the slots of a span in which either side has anything, in order.
func (w *walk) slots(ctx context.Context, s record.Span, width record.Instant) ([]stretch, error) {
	var here, there []history.Slot
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		here, err = tallies(ctx, w.here, w.feed, s, width)
		return err
	})
	g.Go(func() (err error) {
		there, err = tallies(ctx, w.there, w.feed, s, width)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := make([]stretch, 0, max(len(here), len(there)))
	for len(here) > 0 || len(there) > 0 {
		var next stretch
		switch {
		case len(there) == 0 || len(here) > 0 && here[0].Start < there[0].Start:
			next.From, next.here, here = here[0].Start, here[0].Tally, here[1:]
		case len(here) == 0 || there[0].Start < here[0].Start:
			next.From, next.there, there = there[0].Start, there[0].Tally, there[1:]
		default:
			next.From, next.here, next.there = here[0].Start, here[0].Tally, there[0].Tally
			here, there = here[1:], there[1:]
		}
		next.To = next.From + width
		next.Span = next.Intersect(s)
		all = append(all, next)
	}
	return all, nil
}

// tallies asks one side, and believes nothing that cannot be.
func tallies(ctx context.Context, side Side, feed string, s record.Span, width record.Instant) ([]history.Slot, error) {
	slots, err := side.Tallies(ctx, feed, s, time.Duration(width)*time.Microsecond)
	if err != nil {
		return nil, err
	}
	least := floor(s.From, width)
	for _, slot := range slots {
		if slot.Start < least || slot.Start >= s.To || slot.Start%width != 0 || slot.Count < 1 || slot.Count > maxCount {
			return nil, fmt.Errorf("%w: %d records of feed %q from %s, asked for %s to %s",
				ErrUntrusted, slot.Count, feed, slot.Start, s.From, s.To)
		}
		least = slot.Start + width
	}
	return slots, nil
}

// total asks one side what it has in a span.
func total(ctx context.Context, side Side, feed string, s record.Span) (record.Tally, error) {
	var all record.Tally
	for _, p := range parts(s) {
		slots, err := tallies(ctx, side, feed, p.Span, widths[p.level])
		if err != nil {
			return all, err
		}
		for _, slot := range slots {
			all = all.Plus(slot.Tally)
		}
	}
	return all, nil
}
