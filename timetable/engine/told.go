package engine

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	// doubt is how long before its last word the twin may have left slots of a
	// timetable that neither server ever had a row of.
	doubt = 15 * time.Minute
	// apart is how far the clocks of the twins may be: what the twin ran by its
	// clock may be still to come by this one's.
	apart = time.Hour
	// openFor is how old a run may be that the twin left open.
	openFor = 7 * 24 * time.Hour
)

// A told is what the twin said of its runs, as far as this server has to go on
// with them.
type told struct {
	whole record.Instant                         // of before, no run is missing here; 0: it told nothing
	last  map[string]record.Instant              // its last slot of each timetable that it decided upon
	runs  map[string]map[record.Instant]node.Run // by timetable and slot, the last attempts: the late ones, and all that it left open
	given map[string]map[record.Instant]node.Run // likewise this server's own that it gave up with the role, and nobody took up
}

// from returns up to where a timetable is settled that this server has the role
// for by now: what it decided upon itself is, and what the twin did, but for the
// runs that it did not begin or end.
func (t told) from(e *entry, here Here) record.Instant {
	owned := here.owned()
	from := max(e.through, min(t.last[e.t.ID], owned))
	switch {
	case here.Handed: // it had no others
		from = max(e.through, owned)
	case from != 0:
	case e.fresh: // nobody had a slot of it yet
		from = min(e.seen, owned)
	default:
		from = min(e.seen, t.whole.Add(-doubt), owned)
	}
	for slot, r := range t.runs[e.t.ID] {
		if slot > e.through && (neverBegan(r) || leftOpen(r)) {
			from = min(from, slot-1)
		}
	}
	return from
}

// reopen returns up to where a timetable is settled, given up to where it is but
// for the runs that this server gave up with the role and has to go on with now.
func (t told) reopen(id string, through record.Instant) record.Instant {
	for slot := range t.given[id] {
		through = min(through, slot-1)
	}
	return through
}

// readTold reads it. What the twin told while its clock was far ahead is no
// reason to look only at what is to come.
func readTold(ctx context.Context, l Ledger, now record.Instant) (told, error) {
	up, err := l.RunsTold(ctx)
	if err != nil || up.Whole == 0 {
		return told{}, err
	}
	up.Whole = min(up.Whole, now)
	t := told{whole: up.Whole, runs: map[string]map[record.Instant]node.Run{}, given: map[string]map[record.Instant]node.Run{}}
	if t.last, err = l.TwinCursors(ctx); err != nil {
		return told{}, err
	}
	own, theirs := map[string]node.Run{}, map[string]node.Run{} // of one slot, by timetable: a week of all would be too many
	slot := record.Instant(0)
	err = eachRun(ctx, l, node.RunQuery{Since: up.Whole.Add(-openFor)}, func(r node.Run) {
		if r.Slot != slot {
			t.keep(own, theirs)
			slot = r.Slot
		}
		if r.Trigger == ByPerson {
			return
		}
		last := theirs
		if r.Theirs == 0 {
			last = own
		}
		if old, ok := last[r.Timetable]; !ok || old.Attempt < r.Attempt {
			r.Tail = ""
			last[r.Timetable] = r
		}
	})
	t.keep(own, theirs)
	return t, err
}

// keep keeps those of the last attempts at a slot that there is to go on with,
// and forgets the others.
func (t told) keep(own, theirs map[string]node.Run) {
	for id, r := range own {
		if told, known := theirs[id]; (neverBegan(r) || cutOff(r)) && (!known || neverBegan(told) || leftOpen(told)) {
			note(t.given, r)
		}
	}
	for _, r := range theirs {
		if r.Slot >= t.whole.Add(-apart) || neverBegan(r) || leftOpen(r) {
			note(t.runs, r)
		}
	}
	clear(own)
	clear(theirs)
}

func note(all map[string]map[record.Instant]node.Run, r node.Run) {
	if all[r.Timetable] == nil {
		all[r.Timetable] = map[record.Instant]node.Run{}
	}
	all[r.Timetable][r.Slot] = r
}

// eachRun tells each run that is asked for, a page at a time.
func eachRun(ctx context.Context, l Ledger, q node.RunQuery, tell func(node.Run)) error {
	for {
		page, err := l.Runs(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range page {
			tell(r)
		}
		if len(page) < node.MaxRuns {
			return nil
		}
		q.After = page[len(page)-1]
	}
}
