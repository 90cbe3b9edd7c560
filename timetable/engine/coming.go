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

// coming returns the next runs of timetables that are not paused, in the order of
// time. None of them is of a timetable that is not among as many that are due first.
func (d *desk) coming(now record.Instant) []Due {
	var all []Due
	for _, e := range d.agenda.first(comingTold, func(e *entry) bool { return e.due(now) }) {
		if e.behind == nil {
			e.behind = behind(e, d.here)
		}
		all = append(append(all, Due{e.t.Name, e.at}), e.behind...)
	}
	slices.SortStableFunc(all, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
	return all[:min(len(all), comingTold)]
}

// behind returns the runs that come behind an entry's next one.
func behind(e *entry, here Here) []Due {
	all := make([]Due, 0, comingTold-1)
	for _, f := range Coming(e.t, here, e.at, comingTold-1) {
		if f.State == node.RunClaimed {
			all = append(all, Due{f.Name, f.Start})
		}
	}
	return all
}

// due reports whether anything becomes of the entry's next slot.
func (e *entry) due(now record.Instant) bool { return e.t.Problem == "" && !e.t.IsPaused(now.Time()) }
