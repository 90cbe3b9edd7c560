package engine

import (
	"cmp"
	"slices"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A Due is a run to come.
type Due struct {
	Name string // of the timetable
	At   record.Instant
}

// comingTold is how many runs to come are told.
const comingTold = 3

// A forecast is what was told last of the runs to come, and what it was made of.
type forecast struct {
	next *entry
	at   record.Instant
	of   *State // the counts, which are made anew when a timetable or the role changes
	runs []Due
}

// coming returns the next runs of timetables that are not paused, in the order of
// time. It is called in each pass, and looks anew only where the first is another.
func (d *desk) coming(now record.Instant) []Due {
	next := d.agenda.earliest(0, nil, func(e *entry) bool { return e.due(now) })
	if next == nil {
		return nil
	}
	if f := d.forecast; f.next == next && f.at == next.at && f.of == d.counted {
		return f.runs
	}
	d.forecast = forecast{next, next.at, d.counted, d.runsAfter(now)}
	return d.forecast.runs
}

// due reports whether anything becomes of the entry's next slot.
func (e *entry) due(now record.Instant) bool { return e.t.Problem == "" && !e.t.IsPaused(now.Time()) }

// runsAfter finds the next runs: none of them is of a timetable that is not among
// as many that are due first.
func (d *desk) runsAfter(now record.Instant) []Due {
	var first []*entry
	for _, e := range d.agenda {
		if len(first) == comingTold && e.at > first[comingTold-1].at || !e.due(now) {
			continue
		}
		first = append(first, e)
		slices.SortFunc(first, func(a, b *entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.t.ID, b.t.ID)) })
		first = first[:min(len(first), comingTold)]
	}
	var all []Due
	for _, e := range first {
		all = append(all, Due{e.t.Name, e.at})
		for _, f := range Coming(e.t, d.here, e.at, comingTold-1) {
			if f.State == node.RunClaimed {
				all = append(all, Due{f.Name, f.Start})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
	return all[:min(len(all), comingTold)]
}
