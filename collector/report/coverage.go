package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const coverageColumns = `
	start moment
	feed words
	covered_s seconds
	heard_s seconds
	filled_s seconds
	no_upstream_s seconds
	single_s seconds
	gaps count
	open_s seconds
	lost_s seconds
	coverage_pct percent
	complete flag`

// Coverage tells what was heard: a row for each stretch of time, a day unless
// said, and feed, in that order, also of feeds that do not count. Covered is
// what this server heard itself, what the twin filled, and what there was
// nobody to hear of. Single is what one of the twins alone heard, as far as
// this one knows: what the twin filled; what it has from here, its own report
// tells. A gap counts in every row that it touches, open ones up to now.
// Complete is whatever is over and covered.
//
// What was dropped has nil. The ask's queues, agents and groups mean nothing.
func Coverage(ctx context.Context, from Sources, ask Ask) (Table, error) {
	ask.By = cmp.Or(ask.By, Day)
	q, err := asked(ctx, from, ask, from.Feeds)
	if err != nil {
		return Table{}, fmt.Errorf("report of coverage: %w", err)
	}
	t := q.table("coverage", columns(coverageColumns))
	all := make([][]stretch, len(q.feeds))
	for i := range q.feeds {
		if all[i], err = q.coverage(ctx, &q.feeds[i]); err != nil {
			return Table{}, fmt.Errorf("report of coverage: %w", err)
		}
	}
	for i, start := range q.grid.rows {
		for f := range q.feeds {
			t.Rows = append(t.Rows, append([]any{start, q.feeds[f].feed.Name}, all[f][i].cells()...))
		}
	}
	t.Notes = q.notes
	return t, nil
}

// A stretch is what is known of a feed in one row of the grid.
type stretch struct {
	heard
	listened, filled, away record.Instant // of what is covered
	gaps                   int64
	open, lost             record.Instant
}

func (r *stretch) cells() []any {
	pct := any(nil)
	if r.unknown {
		return make([]any, 10)
	}
	if r.due > 0 {
		pct = shareDown(r.covered, r.due)
	}
	return []any{
		seconds(r.covered), seconds(r.listened), seconds(r.filled), seconds(r.away), seconds(r.filled),
		r.gaps, seconds(r.open), seconds(r.lost), pct, !r.partial,
	}
}

// coverage returns what is known of a feed in each row.
func (q *question) coverage(ctx context.Context, h *hearing) ([]stretch, error) {
	measured, spans, err := q.measure(ctx, h)
	if err != nil {
		return nil, err
	}
	gaps, err := q.from.History.Gaps(ctx, h.feed.Name)
	if err != nil {
		return nil, err
	}
	rows := make([]stretch, len(q.grid.rows))
	of := map[history.GapState][]record.Span{}
	for _, g := range gaps {
		span := record.Span{From: g.From, To: q.ask.Now}
		if g.To != nil {
			span.To = *g.To
		}
		of[g.State] = append(of[g.State], span)
		for i := range q.grid.touched(span) {
			rows[i].gaps++
		}
	}
	filled := record.Intersect(spans, of[history.GapFilled])
	away := record.Subtract(record.Intersect(spans, of[history.GapClosed]), filled)
	listened := record.Subtract(spans, slices.Concat(filled, away))
	for _, part := range []struct {
		spans []record.Span
		to    func(*stretch) *record.Instant
	}{
		{filled, func(r *stretch) *record.Instant { return &r.filled }},
		{away, func(r *stretch) *record.Instant { return &r.away }},
		{listened, func(r *stretch) *record.Instant { return &r.listened }},
		{of[history.GapOpen], func(r *stretch) *record.Instant { return &r.open }},
		{of[history.GapLost], func(r *stretch) *record.Instant { return &r.lost }},
	} {
		for i, length := range q.grid.lengths(record.Union(part.spans)) {
			*part.to(&rows[i]) = length
		}
	}
	for i := range rows {
		rows[i].heard = measured[i]
	}
	return rows, nil
}
