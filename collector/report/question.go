package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// maxRows is how many rows an answer may have: more would not fit into memory,
// and nobody reads them.
const maxRows = 250_000

// A question is what is asked, and what must be known to answer it.
type question struct {
	from   Sources
	counts counts
	ask    Ask
	site   *site
	grid   *grid
	feeds  []hearing
	notes  []string
}

// asked prepares the answer to a question about counts.
func asked(ctx context.Context, from Sources, ask Ask) (*question, error) {
	q := &question{from: from, counts: from.counts, ask: ask}
	span, err := ask.span()
	if err != nil {
		return nil, err
	}
	if q.site, err = readSite(ctx, from.Admin); err != nil {
		return nil, err
	}
	feeds, err := from.feeds(ask.Feed)
	if err != nil {
		return nil, err
	}
	for _, f := range feeds {
		h, err := q.hear(ctx, f)
		if err != nil {
			return nil, err
		}
		q.feeds = append(q.feeds, h)
	}
	cut, err := q.site.cut(ctx, ask)
	if err != nil {
		return nil, err
	}
	if span, err = q.within(ctx, span); err != nil {
		return nil, err
	}
	q.grid = cut.grid(span)
	return q, nil
}

// within takes off the ends of a span what nothing can be known of: what was
// before the first that any feed said, and what is yet to come. What is left is
// empty if that is all.
func (q *question) within(ctx context.Context, span record.Span) (record.Span, error) {
	var begins record.Instant
	ends := q.ask.Now
	for i := range q.feeds {
		h := &q.feeds[i]
		if !h.known {
			continue
		}
		first, err := q.begins(ctx, h)
		if err != nil {
			return record.Span{}, err
		}
		if begins == 0 || first < begins {
			begins = first
		}
		ends = max(ends, h.CoveredUntil, h.Last)
	}
	if begins > span.From {
		q.note("the history begins %s", begins.Time().In(q.site.Zone).Format("2006-01-02 15:04"))
	}
	span = span.Intersect(record.Span{From: floor(begins), To: ceil(ends)})
	span.To = max(span.From, span.To)
	return span, nil
}

// note adds what a reader must know.
func (q *question) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(q.notes, text) {
		q.notes = append(q.notes, text)
	}
}

// missed notes that the counts are not all.
func (q *question) missed(all heard) {
	if !all.unknown && all.covered < all.due {
		q.note("%.1f%% of the time was heard: what was missed is not counted", shareDown(all.covered, all.due))
	}
}

// table returns the answer's empty table.
func (q *question) table(name string, columns []Column) Table {
	by := q.ask.By
	if by == "" {
		by = Interval
	}
	if by == HourOfDay {
		columns[0].Kind = Words
	}
	return Table{Name: name, Columns: columns, Rows: [][]any{}, Span: q.grid.span, Zone: q.site.Zone, By: by}
}
