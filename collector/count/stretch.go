package count

import (
	"context"
	"errors"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// What one transaction of counting much reads and writes, as far as intervals
// are whole.
const (
	stretchRecords   = 50_000
	stretchRows      = 2_000
	stretchIntervals = 96
	stretchBytes     = 16 << 20 // of what is known at the borders
)

// advance brings the head to an instant.
func (f *counting) advance(ctx context.Context, to record.Instant) error {
	for {
		begun := time.Now()
		if err := f.ahead(ctx, to); err != nil {
			return err
		}
		if f.through >= to {
			return nil
		}
		f.c.opt.Room(ctx, time.Since(begun))
	}
}

// ahead brings the head some way towards an instant. It begins anew with the
// head's interval where what is known at the head is not in memory.
func (f *counting) ahead(ctx context.Context, to record.Instant) error {
	w, continues := f.head, f.head != nil
	f.head = nil // until it is written
	if !continues {
		var err error
		if w, err = f.restart(ctx); err != nil {
			return err
		}
	}
	from := w.at
	read, err := f.read(ctx, w, max(from, to))
	if err != nil {
		return err
	}
	s := w.stretch(f.feed.Name, from)
	s.Continues, s.Seen = continues, read.seen
	if _, err := f.c.history.Count(ctx, s); err != nil {
		return err
	}
	f.head, f.through = w, max(f.through, s.Span.To)
	return nil
}

// restart begins with the interval of the head. Where its records were dropped,
// its rows stay as they are, and nothing is known behind what was dropped.
func (f *counting) restart(ctx context.Context) (*walk, error) {
	end, err := f.c.history.Horizon(ctx, f.feed.Name)
	if err != nil {
		return nil, err
	}
	if start := acd.Interval(f.through); start >= end.RetainedFrom {
		return f.from(ctx, start)
	}
	w := newWalk(acd.NewFold(f.feed.Format), f.decode, end.RetainedFrom, true)
	w.borders = []history.Border{{At: end.RetainedFrom}}
	return w, nil
}

// again counts intervals anew, which are in order, and what follows them until
// nothing else is known than before.
func (f *counting) again(ctx context.Context, marked []record.Instant) error {
	var until record.Instant
	for i, start := range marked {
		if start < until {
			continue
		}
		run := 1 // a fill brings many in a row
		for i+run < len(marked) && marked[i+run] == start+record.Instant(run)*acd.IntervalWidth {
			run++
		}
		var err error
		begun := time.Now()
		if until, err = f.anew(ctx, start, run); err == nil {
			err = f.between(ctx, begun)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// anew counts so many intervals anew, and what follows them until nothing else
// is known than before. It returns how far it went.
func (f *counting) anew(ctx context.Context, from record.Instant, intervals int) (record.Instant, error) {
	for {
		to := from + record.Instant(intervals)*acd.IntervalWidth
		begun := time.Now()
		reached, goesOn, err := f.portion(ctx, from, to)
		if err != nil || reached >= to && !goesOn {
			return reached, err
		}
		if err := f.between(ctx, begun); err != nil {
			return reached, err
		}
		if reached < to {
			intervals = int((to - reached) / acd.IntervalWidth)
		} else {
			intervals = min(2*intervals, stretchIntervals)
		}
		from = reached
	}
}

// portion counts whole intervals anew, from one up to to or as many as one
// transaction may, and from the interval of the head on all that there is. It
// returns how far it came, and whether what follows must be counted anew too.
func (f *counting) portion(ctx context.Context, from, to record.Instant) (reached record.Instant, goesOn bool, err error) {
	if head := acd.Interval(f.through); from >= head {
		f.head = nil
		err := f.advance(ctx, f.through)
		return max(to, f.through), false, err
	} else if to >= head {
		f.head = nil // what it went on from may change
		to = head
	}
	w, err := f.from(ctx, from)
	if err != nil {
		return from, false, err
	}
	from = w.at
	read, err := f.read(ctx, w, to)
	if err != nil {
		return from, false, err
	}
	s := w.stretch(f.feed.Name, from)
	s.Seen = read.seen
	goesOn, err = f.c.history.Count(ctx, s)
	return s.Span.To, goesOn, err
}

// from begins where an interval does, with what is known there.
func (f *counting) from(ctx context.Context, start record.Instant) (*walk, error) {
	b, err := f.c.history.Carry(ctx, f.feed.Name, start)
	if err != nil {
		return nil, err
	}
	if len(b.Carry) == 0 {
		return newWalk(acd.NewFold(f.feed.Format), f.decode, start, true), nil
	}
	fold, err := acd.RestoreFold(f.feed.Format, b.Carry)
	if err != nil {
		f.log.Error("what was known at the beginning of an interval cannot be read: it is counted as if nothing was", "interval", b.At.String(), "err", err)
		return newWalk(acd.NewFold(f.feed.Format), f.decode, start, true), nil
	}
	return newWalk(fold, f.decode, b.At, false), nil
}

// A reading is what one stretch takes of the records.
type reading struct {
	seen    history.Seen // before the first of them
	records int
}

// read folds the records between w and to, and lets w come there, or to an
// earlier border if that is as much as one transaction may.
func (f *counting) read(ctx context.Context, w *walk, to record.Instant) (reading, error) {
	span := record.Span{From: w.at, To: to}
	seen, err := f.c.history.See(ctx, f.feed.Name, span)
	if err != nil {
		return reading{}, err
	}
	done := reading{seen: seen}
	enough := func() bool {
		return done.records >= stretchRecords || w.rows >= stretchRows || len(w.borders) >= stretchIntervals || w.known >= stretchBytes
	}
	over := false
	each := func(at record.Instant, raw []byte) bool {
		if at >= w.border {
			if w.pass(at, enough); w.at < at {
				over = true
				return false
			}
		}
		w.add(at, raw)
		done.records++
		f.records++
		return true
	}
	for after := (*record.Key)(nil); ; {
		last, err := f.c.history.Walk(ctx, f.feed.Name, span, after, each)
		if damaged, ok := errors.AsType[*history.DamagedError](err); ok {
			f.c.opt.Rots(f.feed.Name, damaged.Key)
			after = &damaged.Key
			continue
		}
		if err != nil || over {
			return done, err
		}
		if last == nil {
			w.pass(to, enough)
			return done, nil
		}
		after = last
	}
}
