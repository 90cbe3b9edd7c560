package fill

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// An Agreer is a history that writes down which days the twin holds alike.
type Agreer interface {
	Side
	Agree(ctx context.Context, feed string, day record.Instant, t record.Tally) (bool, error)
}

// Agree writes down here, for each feed that both sides know, the days since
// that instant which both have closed and hold alike: those may be dropped. It
// returns how many they were. The other side does the same for itself.
func Agree(ctx context.Context, here Agreer, there Side, since record.Instant) (days int, err error) {
	mine, err := here.Extents(ctx)
	if err != nil {
		return 0, err
	}
	theirs, err := there.Extents(ctx)
	if err != nil {
		return 0, err
	}
	for _, feed := range slices.Sorted(maps.Keys(mine)) {
		a, b := mine[feed], theirs[feed]
		s := record.Span{
			From: floor(max(begin(a, b), since), day),
			To:   floor(min(a.CoveredUntil, b.CoveredUntil), day),
		}
		n, err := agree(ctx, here, there, feed, s)
		if days += n; err != nil {
			return days, fmt.Errorf("agree on days of feed %q: %w", feed, err)
		}
	}
	return days, nil
}

func agree(ctx context.Context, here Agreer, there Side, feed string, s record.Span) (days int, err error) {
	w := walk{here: here, there: there, feed: feed}
	for from := s.From; from < s.To; {
		to := min(from+maxSlots*day, s.To)
		slots, err := w.slots(ctx, record.Span{From: from, To: to}, day)
		if err != nil {
			return days, err
		}
		for _, slot := range slots {
			if slot.differs() {
				continue
			}
			agreed, err := here.Agree(ctx, feed, slot.From, slot.there)
			if err != nil {
				return days, err
			}
			if agreed {
				days++
			}
		}
		from = to
	}
	return days, nil
}
