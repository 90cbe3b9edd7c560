package page

import (
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinctl/twin/collector/report"
)

// A course is a table whose rows follow each other in time, one for each
// stretch.
type course struct {
	names map[string]int
	x     axis
	steps []step
}

// A step is one row of it.
type step struct {
	over  band
	whole bool // all of it was heard
	cells []any
}

// maxGlyphs is up to how many points a line has one on each.
const maxGlyphs = 60

// follow reads a table as a course; false if it is none.
func follow(t report.Table) (course, bool) {
	c := course{names: map[string]int{}}
	for i, column := range t.Columns {
		c.names[column.Name] = i
	}
	start, timed := c.names["start"]
	if !timed || len(t.Rows) == 0 || t.Zone == nil {
		return course{}, false
	}
	width := shortest(t, start)
	for _, row := range t.Rows {
		over, ok := stretch(row[start], t, width)
		n := len(c.steps)
		if !ok || n > 0 && c.steps[n-1].over.from >= over.from {
			return course{}, false // two rows of one stretch are no course
		}
		if n > 0 {
			c.steps[n-1].over.to = min(c.steps[n-1].over.to, over.from)
		}
		s := step{cells: row, over: over}
		s.whole = c.whole(s)
		c.steps = append(c.steps, s)
	}
	c.x = hoursOfDay(t.Zone)
	if t.By != report.HourOfDay {
		from, to := c.steps[0].over.from, c.steps[len(c.steps)-1].over.to
		c.x = times(time.Unix(int64(from), 0).In(t.Zone), time.Unix(int64(to), 0).In(t.Zone), t.By)
	}
	return c, true
}

// stretch returns what a row stands for, in the units of the axis.
func stretch(start any, t report.Table, width time.Duration) (band, bool) {
	switch at := start.(type) {
	case time.Time:
		at = at.In(t.Zone)
		return band{seconds(at), seconds(end(at, t.By, width))}, true
	case string: // an hour of the day, as 09:00
		hour, err := time.Parse("15:04", at)
		return band{float64(hour.Hour()), float64(hour.Hour() + 1)}, err == nil && t.By == report.HourOfDay
	default:
		return band{}, false
	}
}

// end returns the end of a row's stretch.
func end(start time.Time, by report.By, width time.Duration) time.Time {
	switch by {
	case report.Day: // which may have begun late
		return time.Date(start.Year(), start.Month(), start.Day()+1, 0, 0, 0, 0, start.Location())
	case report.Week:
		return start.AddDate(0, 0, 7)
	case report.Month:
		return time.Date(start.Year(), start.Month()+1, 1, 0, 0, 0, 0, start.Location())
	default:
		return start.Add(width)
	}
}

// shortest returns how far the rows stand apart at the least; of one row, how
// long the time is that was looked at.
func shortest(t report.Table, start int) time.Duration {
	width := time.Hour
	if len(t.Rows) == 1 && !t.Span.Empty() {
		width = min(width, t.Span.To.Sub(t.Span.From))
	}
	for i := 1; i < len(t.Rows); i++ {
		at, _ := t.Rows[i][start].(time.Time)
		before, _ := t.Rows[i-1][start].(time.Time)
		if d := at.Sub(before); d > 0 {
			width = min(width, d)
		}
	}
	return width
}

// number returns a cell that is known.
func (c course) number(s step, name string) (float64, bool) {
	i, ok := c.names[name]
	if !ok {
		return 0, false
	}
	switch v := s.cells[i].(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}

// whole reports whether all of a row's time was heard; what says nothing of it is
// taken for whole.
func (c course) whole(s step) bool {
	i, told := c.names["complete"]
	return !told || s.cells[i] != false
}

// incomplete returns the stretches that were not heard as a whole, those that
// touch as one.
func (c course) incomplete() []band {
	var all []band
	for _, s := range c.steps {
		switch n := len(all); {
		case s.whole:
		case n > 0 && all[n-1].to == s.over.from:
			all[n-1].to = s.over.to
		default:
			all = append(all, s.over)
		}
	}
	return all
}

// bars returns a column, or several together, as bars, and what it adds to
// the height that others have reached.
func (c course) bars(fill ink, height []float64, names ...string) bars {
	b := bars{fill: fill}
	for i, s := range c.steps {
		sum := 0.0
		for _, name := range names {
			v, _ := c.number(s, name)
			sum += max(0, v)
		}
		height[i] += sum
		b.over, b.values = append(b.over, s.over), append(b.values, sum)
	}
	return b
}

// line returns a column as a line, broken where it, or what it needs, is not
// known, and its highest value.
func (c course) line(l line, name string, needs ...string) (line, float64) {
	highest, until := 0.0, 0.0
	broken := true
	for _, s := range c.steps {
		v, known := c.number(s, name)
		for _, other := range needs {
			_, also := c.number(s, other)
			known = known && also
		}
		if !known {
			broken = true
			continue
		}
		if broken || s.over.from != until {
			l.runs = append(l.runs, nil)
		}
		run := &l.runs[len(l.runs)-1]
		*run = append(*run, vg.Point{X: vg.Length(s.over.from+s.over.to) / 2, Y: vg.Length(v)})
		highest, until, broken = max(highest, v), s.over.to, false
	}
	if len(c.steps) > maxGlyphs {
		l.glyph = nil
	}
	return l, highest
}

// dashed is how lines differ from each other without colour.
func dashed() []vg.Length { return []vg.Length{6, 3} }

func round() draw.GlyphDrawer   { return draw.CircleGlyph{} }
func pointed() draw.GlyphDrawer { return draw.PyramidGlyph{} }
