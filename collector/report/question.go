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
	from  Sources
	ask   Ask
	site  *site
	grid  *grid
	feeds []hearing
	notes []string
}

// asked prepares the answer to a question about some feeds, or the one that it
// names.
func asked(ctx context.Context, from Sources, ask Ask, feeds []Feed) (*question, error) {
	q := &question{from: from, ask: ask}
	span, err := ask.span()
	if err != nil {
		return nil, err
	}
	if q.site, err = readSite(ctx, from.Admin); err != nil {
		return nil, err
	}
	if ask.Feed != "" {
		if feeds, err = from.feed(ask.Feed); err != nil {
			return nil, err
		}
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
	if cut.hours != nil {
		q.note("only while %s is open", ask.OpenHours)
	}
	begins, ends, err := q.known(ctx)
	if err != nil {
		return nil, err
	}
	if begins > span.From {
		q.note("the history begins %s", begins.Time().In(q.site.Zone).Format("2006-01-02 15:04"))
		span.From = min(floor(begins), span.To)
	}
	q.grid = cut.grid(span, ceil(ends))
	return q, nil
}

// known returns the first instant that anything can be known of, which is the
// first that any feed said or was listened for, and the last.
func (q *question) known(ctx context.Context) (begins, ends record.Instant, err error) {
	ends = q.ask.Now
	for i := range q.feeds {
		h := &q.feeds[i]
		if !h.known {
			continue
		}
		first, err := q.begins(ctx, h)
		if err != nil {
			return 0, 0, err
		}
		begins = earliest(begins, first)
		ends = max(ends, h.CoveredUntil, h.Last)
	}
	return begins, ends, nil
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
