package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"

	"github.com/twinctl/twin/collector/report"
)

const (
	mostTimes  = 13 // ticks on an axis of time
	mostValues = 6  // ticks on an upright axis
)

// A measure is what an upright axis counts in.
type measure struct {
	label string
	steps func(most float64) []float64 // from small to large, one of them at least most/mostValues
	write func(float64) string
	whole float64 // how high the axis always is; 0: as high as the values
}

// The measures.
func calls() measure {
	return measure{label: "calls", steps: tens(1), write: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
}

func hours() measure {
	return measure{label: "hours", steps: tens(0.1), write: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
}

func percent(label string) measure {
	return measure{
		label: label, whole: 100, steps: func(float64) []float64 { return []float64{20} },
		write: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
	}
}

func lengths() measure {
	return measure{label: "minutes:seconds", write: func(v float64) string { return clock(v, false) }, steps: func(most float64) []float64 {
		steps := []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800}
		for step := 1800.0; step*mostValues < most; step *= 2 {
			steps = append(steps, step*2)
		}
		return steps
	}}
}

// tens returns steps of 1, 2 and 5 times every power of ten from least on.
func tens(least float64) func(float64) []float64 {
	return func(most float64) []float64 {
		steps := []float64{least}
		for step := least; step*mostValues < most; step *= 10 {
			steps = append(steps, step*2, step*5, step*10)
		}
		return steps
	}
}

// axis returns an axis for values from 0 to most.
func (m measure) axis(most float64) axis {
	most = max(most, m.whole)
	steps := m.steps(most)
	step := steps[len(steps)-1]
	for _, smaller := range slices.Backward(steps) {
		if smaller*mostValues >= most {
			step = smaller
		}
	}
	a := axis{label: m.label, max: step * max(1, math.Ceil(most/step-1e-9))}
	for i := 0; float64(i)*step <= a.max+step/2; i++ {
		v := math.Round(float64(i)*step*1e6) / 1e6
		a.ticks = append(a.ticks, plot.Tick{Value: v, Label: m.write(v)})
	}
	return a
}

// clock writes a length in seconds as 12:30, or as 0:12:30 where others of its
// kind are long.
func clock(seconds float64, long bool) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	s := int64(math.Round(seconds))
	if long || s >= 3600 {
		return fmt.Sprintf("%s%d:%02d:%02d", sign, s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%s%d:%02d", sign, s/60, s%60)
}

// A pace is how far ticks of time stand apart, on the clocks and calendars of
// the site.
type pace struct {
	minutes, days, months int
	layout                string
}

func paces() []pace {
	const clocks, days, months = "15:04", "2 Jan", "Jan 2006"
	return []pace{
		{15, 0, 0, clocks},
		{30, 0, 0, clocks},
		{60, 0, 0, clocks},
		{120, 0, 0, clocks},
		{180, 0, 0, clocks},
		{360, 0, 0, clocks},
		{720, 0, 0, clocks},
		{0, 1, 0, days},
		{0, 2, 0, days},
		{0, 7, 0, days},
		{0, 14, 0, days},
		{0, 0, 1, months},
		{0, 0, 3, months},
		{0, 0, 12, "2006"},
	}
}

// times returns an axis over a stretch of time, counted in seconds since 1970.
func times(from, to time.Time, by report.By) axis {
	a := axis{min: seconds(from), max: seconds(to), label: timeLabel(from, by)}
	for _, p := range paces() {
		if p.minutes > 0 && by != report.Interval {
			continue
		}
		if a.ticks = p.ticks(from, to); len(a.ticks) <= mostTimes {
			break
		}
	}
	return a
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }

// ticks returns those within, and one too many where there are more than fit.
func (p pace) ticks(from, to time.Time) []plot.Tick {
	var all []plot.Tick
	several := to.Sub(from) > 25*time.Hour
	at := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	if p.months > 0 {
		at = time.Date(from.Year(), 1, 1, 0, 0, 0, 0, from.Location())
	}
	for !at.After(to) && len(all) <= mostTimes {
		if !at.Before(from) {
			label := at.Format(p.layout)
			if several && p.minutes > 0 && at.Hour() == 0 && at.Minute() == 0 {
				label = at.Format("2 Jan")
			}
			all = append(all, plot.Tick{Value: seconds(at), Label: label})
		}
		next := time.Date(at.Year(), at.Month()+time.Month(p.months), at.Day()+p.days, at.Hour(), at.Minute()+p.minutes, 0, 0, at.Location())
		if !next.After(at) { // an hour that clocks leave out
			next = at.Add(max(15, time.Duration(p.minutes)) * time.Minute)
		}
		at = next
	}
	return all
}

func timeLabel(at time.Time, by report.By) string {
	switch by {
	case report.Day, report.Week, report.Month:
		return string(by)
	default:
		return "time, " + at.Location().String()
	}
}

// hoursOfDay returns an axis over the hours of all days together.
func hoursOfDay(zone *time.Location) axis {
	a := axis{max: 24, label: "hour of the day, " + zone.String()}
	for h := 0; h <= 24; h += 2 {
		a.ticks = append(a.ticks, plot.Tick{Value: float64(h), Label: fmt.Sprintf("%02d:00", h)})
	}
	return a
}
