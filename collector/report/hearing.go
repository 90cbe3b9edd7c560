package report

import (
	"context"
	"errors"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// lag is how far coverage may stay behind the clock while all is well: what a
// healthy feed has not proven yet is not missed.
const lag = record.Minute

// A hearing is what is known of one feed's coverage and counting.
type hearing struct {
	feed  Feed
	known bool // it was ever configured here
	history.Extent
	history.Counted
	due record.Instant // up to here it should have been heard
}

// hear reads it.
func (q *question) hear(ctx context.Context, f Feed) (hearing, error) {
	h := hearing{feed: f}
	var err error
	if h.Extent, err = q.from.History.Extent(ctx, f.Name); errors.Is(err, history.ErrUnknownFeed) {
		h.due = q.ask.Now
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.known = true
	h.due = q.ask.Now
	if q.ask.Now-h.CoveredUntil < lag {
		h.due = h.CoveredUntil
	}
	h.Counted, err = q.from.History.CountedState(ctx, f.Name)
	return h, err
}

// begins returns the first instant that anything is known of. What was counted
// of records that were dropped is.
func (q *question) begins(ctx context.Context, h *hearing) (record.Instant, error) {
	first := h.Since
	if told := earliest(h.First, h.HeardFrom); told > 0 {
		first = told
	}
	if h.RetainedFrom == 0 {
		return first, nil
	}
	first = max(first, h.RetainedFrom)
	dropped := history.Intervals{Feed: h.feed.Name, Span: record.Span{To: h.RetainedFrom}}
	for row, err := range q.from.History.QueueIntervals(ctx, dropped) {
		if err != nil {
			return 0, err
		}
		first = min(first, row.Start)
		break
	}
	for row, err := range q.from.History.AgentIntervals(ctx, dropped) {
		if err != nil {
			return 0, err
		}
		first = min(first, row.Start)
		break
	}
	return first, nil
}

// earliest returns the first of the instants that are known, or zero.
func earliest(instants ...record.Instant) (first record.Instant) {
	for _, at := range instants {
		if at > 0 && (first == 0 || at < first) {
			first = at
		}
	}
	return first
}

// heard is how much of a row was heard.
type heard struct {
	covered, due record.Instant
	counted      record.Instant // of what was heard or not
	partial      bool           // something of it was not heard, or is not over
	uncounted    bool           // something of it is still to be counted
	unknown      bool           // what was heard was dropped with its records
}

func (h heard) add(o heard) heard {
	return heard{
		h.covered + o.covered, h.due + o.due, h.counted + o.counted,
		h.partial || o.partial, h.uncounted || o.uncounted, h.unknown || o.unknown,
	}
}

// cells returns coverage_pct and complete.
func (h heard) cells() (pct, complete any) {
	switch {
	case h.unknown:
		return nil, nil
	case h.due <= 0:
		return nil, !h.partial && !h.uncounted
	}
	return shareDown(h.covered, h.due), !h.partial && !h.uncounted
}

// measure returns how much of each row of the grid was heard of a feed, and what
// was heard in all, which costs as much as there are quarter hours and sessions.
func (q *question) measure(ctx context.Context, h *hearing) (rows []heard, spans []record.Span, err error) {
	if h.known {
		if spans, err = q.from.History.Heard(ctx, h.feed.Name, q.grid.span); err != nil {
			return nil, nil, err
		}
	}
	before := func(at record.Instant) []record.Instant {
		return q.grid.lengths([]record.Span{{From: q.grid.span.From, To: at}})
	}
	all, covered := before(q.grid.span.To), q.grid.lengths(spans)
	due, counted, dropped := before(h.due), before(h.Through), before(h.RetainedFrom)
	rows = make([]heard, len(all))
	for i := range rows {
		rows[i] = heard{
			covered: covered[i], due: due[i], counted: counted[i], partial: covered[i] < all[i] || q.grid.more[i],
			uncounted: counted[i] < all[i], unknown: dropped[i] > 0,
		}
	}
	for _, start := range h.Marked {
		if row, ok := q.grid.row(start); ok {
			rows[row].uncounted = true
		}
	}
	return rows, spans, nil
}
