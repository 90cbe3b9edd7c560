package report

import (
	"context"
	"errors"
	"slices"

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
	counted
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
	h.counted, err = q.counts.CountedState(ctx, f.Name)
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
	dropped := intervals{h.feed.Name, record.Span{To: h.RetainedFrom}}
	for row, err := range q.counts.QueueIntervals(ctx, dropped) {
		if err != nil {
			return 0, err
		}
		first = min(first, row.Start)
		break
	}
	for row, err := range q.counts.AgentIntervals(ctx, dropped) {
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
	partial      bool // something of it was not heard, is not over or not counted
	unknown      bool // what was heard was dropped with its records
}

func (h heard) add(o heard) heard {
	return heard{h.covered + o.covered, h.due + o.due, h.partial || o.partial, h.unknown || o.unknown}
}

// cells returns coverage_pct and complete.
func (h heard) cells() (pct, complete any) {
	switch {
	case h.unknown:
		return nil, nil
	case h.due <= 0:
		return nil, !h.partial
	}
	return shareDown(h.covered, h.due), !h.partial
}

// measure returns how much of each row of the grid was heard of a feed, which
// costs as much as there are quarter hours and sessions.
func (q *question) measure(ctx context.Context, h *hearing) ([]heard, error) {
	rows := make([]heard, len(q.grid.rows))
	var spans []record.Span
	if h.known {
		var err error
		if spans, err = q.from.History.Heard(ctx, h.feed.Name, q.grid.span); err != nil {
			return nil, err
		}
	}
	for i := range q.grid.quarters() {
		quarter := q.grid.quarter(i)
		for len(spans) > 0 && spans[0].To <= quarter.From {
			spans = spans[1:]
		}
		row := q.grid.of[i]
		if row < 0 {
			continue
		}
		rows[row] = rows[row].add(h.quarter(quarter, spans))
	}
	return rows, nil
}

// quarter measures one. The first of the spans is the first that ends in or
// behind it.
func (h *hearing) quarter(quarter record.Span, spans []record.Span) heard {
	one := heard{due: max(0, min(quarter.To, h.due)-quarter.From)}
	for _, s := range spans {
		if s.From >= quarter.To {
			break
		}
		if both := s.Intersect(quarter); !both.Empty() {
			one.covered += both.To - both.From
		}
	}
	_, marked := slices.BinarySearch(h.Marked, quarter.From)
	one.partial = one.covered < width || quarter.To > h.Through || marked
	one.unknown = quarter.From < h.RetainedFrom
	return one
}
