package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/report"
)

// courseHeight is from which height of a page on the plot of the day stands: below
// it the rows have to do.
const courseHeight = 18

const (
	courseLabel = 15 // columns that the names of its lines take, with a blank on both sides,
	courseSays  = 24 // and those of what is said behind them,
	courseLeast = 60 // if there is room for as many intervals
)

// A quarter is what an interval came to, of all queues together.
type quarter struct {
	start    time.Time
	offered  int64
	level    float64 // percent
	known    bool    // it was heard at all
	judged   bool    // there is a level
	complete bool
}

// quarters returns the intervals of a report until now, as many of the last as
// there is room for.
func quarters(t report.Table, now time.Time, room int) []quarter {
	var all []quarter
	for _, row := range t.Rows {
		start, _ := cellOf(t, row, "start").(time.Time)
		if start.IsZero() || start.After(now) {
			continue
		}
		q := quarter{start: start}
		q.offered, q.known = cellOf(t, row, "offered").(int64)
		q.level, q.judged = cellOf(t, row, "service_level_pct").(float64)
		q.complete, _ = cellOf(t, row, "complete").(bool)
		all = append(all, q)
	}
	return all[max(0, len(all)-max(0, room)):]
}

// course draws what today came to by interval: how many calls were offered, and the
// service level, a character each; and marks those that were not heard in full.
// Where there is room it says when there were the most calls, and the worst level.
func course(t report.Table, as sight) []line {
	room := as.width - courseLabel - 1
	says := room >= courseSays+courseLeast
	if says {
		room -= courseSays
	}
	all := quarters(t, as.now, room)
	if len(all) == 0 {
		return nil
	}
	busiest, worst := quarter{}, quarter{level: 101}
	var volume, level []float64
	holes := ""
	for _, q := range all {
		if q.offered > busiest.offered {
			busiest = q
		}
		if q.judged && q.level < worst.level {
			worst = q
		}
		volume, level = append(volume, float64(q.offered)), append(level, max(q.level, 1)) // none answered in time is not nothing
		if q.complete {
			holes += " "
		} else {
			holes += "!"
		}
	}
	lines := []line{
		courseLine(piece{"TODAY", strong}, piece{hoursOf(all), quiet}),
		courseLine(piece{"offered", quiet}, piece{drawn(all, volume, float64(busiest.offered), func(q quarter) bool { return q.known }), usual}),
		courseLine(piece{"service level", quiet}, piece{drawn(all, level, 100, func(q quarter) bool { return q.judged }), usual}),
	}
	if says && busiest.offered > 0 {
		lines[1] = append(lines[1], piece{"  most " + count(busiest.offered) + " at " + busiest.start.Format("15:04"), quiet})
	}
	if says && worst.judged {
		lines[2] = append(lines[2], piece{fmt.Sprintf("  worst %.1f %% at %s", worst.level, worst.start.Format("15:04")), quiet})
	}
	if holes = strings.TrimRight(holes, " "); holes != "" {
		lines = append(lines, courseLine(piece{"! incomplete", warn}, piece{holes, warn}))
	}
	return lines
}

func courseLine(label, drawing piece) line {
	return line{{" " + left(label.text, courseLabel-2) + " ", label.tone}, drawing}
}

// drawn draws values, the most of which is given; where nothing is known is a dash.
func drawn(all []quarter, values []float64, most float64, known func(quarter) bool) string {
	text := []byte(sparkline(append([]float64{most}, values...), len(values)+1))[1:]
	for i, q := range all {
		if !known(q) {
			text[i] = '-'
		}
	}
	return string(text)
}

// hoursOf writes every second full hour above its interval.
func hoursOf(all []quarter) string {
	text := []byte(strings.Repeat(" ", len(all)))
	for i, q := range all {
		hour := q.start.Format("15")
		if q.start.Minute() == 0 && q.start.Hour()%2 == 0 && i+len(hour) <= len(text) {
			copy(text[i:], hour)
		}
	}
	return strings.TrimRight(string(text), " ")
}
