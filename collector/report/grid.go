package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

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
}

// row returns the row that an interval belongs to.
func (g *grid) row(start record.Instant) (int, bool) {
	if start < g.span.From || start >= g.span.To {
		return 0, false
	}
	row := g.of[(start-g.span.From)/width]
	return int(row), row >= 0
}

// quarters returns how many quarter hours the grid has.
func (g *grid) quarters() int { return len(g.of) }

// quarter returns one of them.
func (g *grid) quarter(i int) record.Span {
	at := g.span.From + record.Instant(i)*width
	return record.Span{From: at, To: at + width}
}

// A cut is how a span becomes rows.
type cut struct {
	by        By
	zone      *time.Location
	interval  record.Instant // of By Interval
	weekStart time.Weekday
	hours     *hours // only while these are open; nil: always
}

// grid cuts a span of whole quarter hours. A row without any that is wanted is
// left out.
func (c cut) grid(span record.Span) *grid {
	g := &grid{span: span, of: make([]int32, (span.To-span.From)/width)}
	type found struct {
		key    int64
		name   any
		wanted bool
	}
	var rows []found
	for i := range g.of {
		at := g.quarter(i).From
		wall := local(at, c.zone)
		key := c.key(at, wall)
		row := len(rows) - 1
		for row >= 0 && rows[row].key != key && (c.by == HourOfDay || row > len(rows)-2) {
			row--
		}
		if row < 0 || rows[row].key != key {
			row = len(rows)
			rows = append(rows, found{key: key, name: c.name(at, key)})
		}
		g.of[i] = -1
		if c.hours == nil || c.hours.open(at) {
			g.of[i], rows[row].wanted = int32(row), true
		}
	}
	// The rows that are left, in order, and where each went.
	order := make([]int, 0, len(rows))
	for row := range rows {
		if rows[row].wanted {
			order = append(order, row)
		}
	}
	if c.by == HourOfDay {
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rows[a].key, rows[b].key) })
	}
	went := make([]int32, len(rows))
	for to, row := range order {
		went[row] = int32(to)
		g.rows = append(g.rows, rows[row].name)
	}
	for i, row := range g.of {
		if row >= 0 {
			g.of[i] = went[row]
		}
	}
	return g
}

// key returns what quarter hours of one row have in common.
func (c cut) key(at, wall record.Instant) int64 {
	day := floorDiv(wall, record.Day)
	switch c.by {
	case Day:
		return day
	case Week:
		const thursday = 4 // 1970 began on one
		return floorDiv(record.Instant(day+thursday-int64(c.weekStart)), 7)
	case Month:
		t := wall.Time()
		return int64(t.Year())*12 + int64(t.Month())
	case HourOfDay:
		return int64((wall - record.Instant(day)*record.Day) / record.Hour)
	case Interval:
	}
	// Where the row begins by the offset in force: when clocks are set back
	// within it, what comes after is another row.
	return floorDiv(wall, c.interval)*int64(c.interval) - int64(wall-at)
}

func (c cut) name(at record.Instant, key int64) any {
	if c.by == HourOfDay {
		return fmt.Sprintf("%02d:00", key)
	}
	return at.Time().In(c.zone)
}

// local returns the time that a wall clock shows, as if it were UTC.
func local(at record.Instant, zone *time.Location) record.Instant {
	_, offset := at.Time().In(zone).Zone()
	return at + record.Instant(offset)*record.Second
}

func floorDiv(a, b record.Instant) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return int64(q)
}
