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
}

// from returns up to where a timetable is settled that this server has the role
// for since then: what it decided upon itself is, and what the twin did, but for
// the runs that it did not begin or end.
func (t told) from(e *entry, since record.Instant) record.Instant {
	from := max(e.through, min(t.last[e.t.ID], since))
	switch {
	case from != 0:
	case e.fresh: // nobody had a slot of it yet
		from = min(e.seen, since)
	default:
		from = min(e.seen, t.whole.Add(-doubt), since)
	}
	for slot, r := range t.runs[e.t.ID] {
		if slot > e.through && (neverBegan(r) || leftOpen(r)) {
			from = min(from, slot-1)
		}
	}
	return from
}

// readTold reads it. What the twin told while its clock was far ahead is no
// reason to look only at what is to come.
func readTold(ctx context.Context, l Ledger, now record.Instant) (told, error) {
	up, err := l.RunsTold(ctx)
	if err != nil || up.Whole == 0 {
		return told{}, err
	}
	up.Whole = min(up.Whole, now)
	t := told{whole: up.Whole, runs: map[string]map[record.Instant]node.Run{}}
	if t.last, err = l.TwinCursors(ctx); err != nil {
		return told{}, err
	}
	last := map[string]node.Run{} // of one slot, by timetable: a week of all would be too many
	slot := record.Instant(0)
	err = eachRun(ctx, l, node.RunQuery{Since: up.Whole.Add(-openFor)}, func(r node.Run) {
		if r.Slot != slot {
			t.keep(last)
			slot = r.Slot
		}
		if r.Theirs == 0 || r.Trigger == ByPerson {
			return
		}
		if old, ok := last[r.Timetable]; !ok || old.Attempt < r.Attempt {
			r.Tail = ""
			last[r.Timetable] = r
		}
	})
	t.keep(last)
	return t, err
}

// keep keeps those of the last attempts that there is to go on with, and
// forgets the others.
func (t told) keep(last map[string]node.Run) {
	for id, r := range last {
		if r.Slot < t.whole.Add(-apart) && !neverBegan(r) && !leftOpen(r) {
			continue
		}
		if t.runs[id] == nil {
			t.runs[id] = map[record.Instant]node.Run{}
		}
		t.runs[id][r.Slot] = r
	}
	clear(last)
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
