package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/hours"
	"github.com/twinctl/twin/collector/record"
)

// A cut is how a span becomes rows.
type cut struct {
	by        By
	zone      *time.Location
	interval  record.Instant // of By Interval
	weekStart time.Weekday
	hours     *hours.Calendar // only while it is open; nil: always
}

// A part is a row of a grid in the making.
type part struct {
	key    int64
	name   any
	wanted bool // it has a quarter hour that is
	more   bool
}

// grid cuts a span of whole quarter hours, of which nothing from ends on has
// been yet. A row without any that is wanted is left out.
func (c cut) grid(span record.Span, ends record.Instant) *grid {
	ends = max(span.From, min(span.To, ends))
	g := &grid{span: record.Span{From: span.From, To: ends}, of: make([]int32, (ends-span.From)/width)}
	var parts []part
	index := map[int64]int{}
	for i := range g.of {
		at := g.quarter(i).From
		key := c.key(at)
		row, ok := index[key]
		if !ok {
			row = len(parts)
			index[key] = row
			parts = append(parts, part{key: key, name: c.name(at, key)})
		}
		g.of[i] = -1
		if c.open(at) {
			g.of[i], parts[row].wanted = int32(row), true
		}
	}
	last := span.To
	if c.by == HourOfDay { // they all come again within a day
		last = min(last, ends+record.Day)
	}
	for at := ends; at < last; at += width {
		row, ok := index[c.key(at)]
		if !ok && c.by != HourOfDay {
			break
		}
		if ok && c.open(at) {
			parts[row].more = true
		}
	}
	g.order(parts, c.by)
	return g
}

func (c cut) open(at record.Instant) bool { return c.hours == nil || c.hours.Open(at) }

// order takes the parts that are wanted as the grid's rows.
func (g *grid) order(parts []part, by By) {
	order := make([]int, 0, len(parts))
	for i := range parts {
		if parts[i].wanted {
			order = append(order, i)
		}
	}
	if by == HourOfDay {
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(parts[a].key, parts[b].key) })
	}
	went := make([]int32, len(parts))
	for to, i := range order {
		went[i] = int32(to)
		g.rows, g.more = append(g.rows, parts[i].name), append(g.more, parts[i].more)
	}
	for i, row := range g.of {
		if row >= 0 {
			g.of[i] = went[row]
		}
	}
}

// key returns what quarter hours of one row have in common.
func (c cut) key(at record.Instant) int64 {
	wall := hours.Wall(at, c.zone)
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
	// When clocks are set back, what they show again is another row.
	return floorDiv(wall, c.interval)<<12 | int64((wall-at)/record.Minute+24*60)
}

func (c cut) name(at record.Instant, key int64) any {
	if c.by == HourOfDay {
		return fmt.Sprintf("%02d:00", key)
	}
	return at.Time().In(c.zone)
}

func floorDiv(a, b record.Instant) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return int64(q)
}
