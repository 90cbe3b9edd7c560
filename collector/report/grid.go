package report

import (
	"github.com/twinctl/twin/collector/record"
)

// width is how long what is counted by is.
const width = 15 * record.Minute

// A grid says which row of a report each quarter hour of a span belongs to.
// Rows need not be stretches: an hour of the day is one of each day, and where
// clocks are set back over midnight a day has two parts.
type grid struct {
	span record.Span // in whole quarter hours
	of   []int32     // by quarter hour: its row; -1: none
	rows []any       // what the row is called: a time.Time where it begins, or "09:00"
	more []bool      // by row: some of it was asked for and is yet to come
}

// row returns the row that an interval belongs to.
func (g *grid) row(start record.Instant) (int, bool) {
	if start < g.span.From || start >= g.span.To {
		return 0, false
	}
	row := g.of[(start-g.span.From)/width]
	return int(row), row >= 0
}

// quarter returns one of them.
func (g *grid) quarter(i int) record.Span {
	at := g.span.From + record.Instant(i)*width
	return record.Span{From: at, To: at + width}
}

// runs returns the stretches, as long as can be, that lie in one row each, in
// order.
func (g *grid) runs() []record.Span {
	var all []record.Span
	for i, row := range g.of {
		quarter := g.quarter(i)
		switch {
		case row < 0:
		case i > 0 && g.of[i-1] == row:
			all[len(all)-1].To = quarter.To
		default:
			all = append(all, quarter)
		}
	}
	return all
}

// lengths returns how much of each row lies in spans, which are in order and
// touch nowhere.
func (g *grid) lengths(spans []record.Span) []record.Instant {
	rows := make([]record.Instant, len(g.rows))
	for i, row := range g.of {
		quarter := g.quarter(i)
		for len(spans) > 0 && spans[0].To <= quarter.From {
			spans = spans[1:]
		}
		for _, s := range spans {
			if s.From >= quarter.To {
				break
			}
			if both := s.Intersect(quarter); row >= 0 && !both.Empty() {
				rows[row] += both.To - both.From
			}
		}
	}
	return rows
}

// touched returns the rows that a span has a part of.
func (g *grid) touched(span record.Span) map[int32]bool {
	rows := map[int32]bool{}
	span = span.Intersect(g.span)
	for at := floor(span.From); at < span.To; at += width {
		if row := g.of[(at-g.span.From)/width]; row >= 0 {
			rows[row] = true
		}
	}
	return rows
}
