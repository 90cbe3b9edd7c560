package engine

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	// doubt is how long before its last word the twin may have claimed a slot
	// that it did not tell of.
	doubt = time.Minute
	// openFor is how old a run may be that the twin left open.
	openFor = 7 * 24 * time.Hour
)

// A told is what the twin said of its runs, as far as this server has to go on
// with them.
type told struct {
	whole record.Instant                         // of before, no run is missing here; 0: it told nothing
	last  map[string]record.Instant              // its last slot of each timetable that it decided upon
	runs  map[string]map[record.Instant]node.Run // the last attempt, by timetable and slot
}

// from returns from where on the slots of a timetable are this server's to
// decide upon, which has had the role since then.
func (t told) from(id string, since record.Instant) record.Instant {
	from := max(min(t.whole.Add(-doubt), since), t.last[id])
	for slot, r := range t.runs[id] {
		if neverBegan(r) || leftOpen(r) {
			from = min(from, slot-1)
		}
	}
	return from
}

func readTold(ctx context.Context, l Ledger) (told, error) {
	up, err := l.RunsTold(ctx)
	if err != nil || up.Whole == 0 {
		return told{}, err
	}
	t := told{whole: up.Whole, last: map[string]record.Instant{}, runs: map[string]map[record.Instant]node.Run{}}
	add := func(r node.Run) {
		if r.Theirs == 0 || r.Trigger == ByPerson {
			return
		}
		if t.runs[r.Timetable] == nil {
			t.runs[r.Timetable] = map[record.Instant]node.Run{}
		}
		if old, ok := t.runs[r.Timetable][r.Slot]; !ok || old.Attempt < r.Attempt {
			t.runs[r.Timetable][r.Slot] = r
		}
		if !neverBegan(r) {
			t.last[r.Timetable] = max(t.last[r.Timetable], r.Slot)
		}
	}
	open := []node.RunState{node.RunClaimed, node.RunRunning, node.RunInterrupted, node.RunCancelled, node.RunMissed}
	for _, q := range []node.RunQuery{
		{Since: up.Whole.Add(-2 * doubt)},
		{Since: up.Whole.Add(-openFor), States: open},
	} {
		if err := eachRun(ctx, l, q, add); err != nil {
			return told{}, err
		}
	}
	return t, nil
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
