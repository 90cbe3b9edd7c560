package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Testimony is what the twin said of stretches that were then copied.
type Testimony struct {
	// Asked are the stretches that the twin was asked for: nothing outside them
	// is judged. All that it holds of them must have been merged.
	Asked []record.Span
	// Heard is what the twin had provably heard before the copying began.
	Heard []record.Span
	// Until is its covered_until at that time: what it had not heard before
	// then it will not hear any more.
	Until record.Instant
}

// Settled counts the stretches that a Settle filled or gave up for lost, and
// those that are over and still open.
type Settled struct{ Filled, Lost, Open int }

// Settle judges the gaps of a feed that are over, and are open or lost, by what
// the twin said: what it heard is filled; what it never heard, up to its own
// covered_until, is lost; the rest stays as it is. A gap that is judged in
// parts becomes several, with its reason, unless there are too many already:
// then it stays whole, as it is. What was lost is filled when a twin says later
// that it heard it; what is filled stays so.
//
// It takes as many transactions as it needs, each of which leaves what is true.
// Cut short, the same again does what is missing.
func (h *DB) Settle(ctx context.Context, name string, said Testimony) (Settled, error) {
	j := judging{said: said.sorted()}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		j.left, err = f.unsettled(ctx, tx)
		return err
	})
	for err == nil && len(j.left) > 0 {
		err = h.portion(ctx, name, j.take)
	}
	for more := err == nil; more && err == nil; {
		more, err = h.join(ctx, name)
	}
	if err != nil {
		return j.done, fmt.Errorf("settle gaps of %q: %w", name, err)
	}
	return j.done, nil
}

// sorted returns the testimony with its stretches in order.
func (t Testimony) sorted() Testimony {
	return Testimony{record.Union(t.Asked), record.Union(t.Heard), t.Until}
}

// about returns what a sorted testimony says of a span: a twin may tell of a
// hundred thousand others.
func (t Testimony) about(s record.Span) Testimony {
	return Testimony{touching(t.Asked, s), touching(t.Heard, s), t.Until}
}

func touching(sorted []record.Span, s record.Span) []record.Span {
	from := sort.Search(len(sorted), func(i int) bool { return sorted[i].To > s.From })
	to := sort.Search(len(sorted), func(i int) bool { return sorted[i].From >= s.To })
	return sorted[from:max(from, to)]
}

func (s *Settled) count(was GapState, pieces []gap) {
	for _, p := range pieces {
		switch {
		case p.State == GapOpen:
			s.Open++
		case p.State == was:
		case p.State == GapFilled:
			s.Filled++
		case p.State == GapLost:
			s.Lost++
		}
	}
}

// settle judges a gap that is over. The pieces tile it, in order. One without
// any instant in it is filled: there was nothing to miss.
func settle(g gap, said Testimony) []gap {
	whole := []record.Span{{From: g.From, To: g.Until}}
	if whole[0].Empty() {
		g.State = GapFilled
		return []gap{g}
	}
	asked := record.Intersect(whole, said.Asked)
	filled := record.Intersect(asked, said.Heard)
	lost := record.Intersect(record.Subtract(asked, said.Heard), []record.Span{{From: g.From, To: said.Until}})
	if g.State == GapLost {
		lost = record.Subtract(whole, filled)
	}
	var pieces []gap
	add := func(spans []record.Span, state GapState) {
		for _, s := range spans {
			pieces = append(pieces, gap{s.From, s.To, g.Reason, state})
		}
	}
	add(filled, GapFilled)
	add(lost, GapLost)
	add(record.Subtract(whole, slices.Concat(filled, lost)), GapOpen)
	slices.SortFunc(pieces, func(a, b gap) int { return cmp.Compare(a.From, b.From) })
	return pieces
}

// OpenGaps returns the stretches that are missing here and may be asked of the
// twin: those of gaps that are over and open, and also the lost ones if lost is
// true. They are in order, and touch nowhere.
func (h *DB) OpenGaps(ctx context.Context, name string, lost bool) ([]record.Span, error) {
	var open []record.Span
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		open, err = f.spans(ctx, tx, `
			SELECT start, until FROM gap
			WHERE feed = ?1 AND until IS NOT NULL AND (state = 'open' OR ?2 AND state = 'lost')`, lost)
		open = record.Intersect(open, []record.Span{f.retained(always)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list open gaps of %q: %w", name, err)
	}
	return open, nil
}
