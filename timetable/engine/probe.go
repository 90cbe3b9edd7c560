package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// ProbeKey is the key and the name of a timetable that is nowhere administered,
// has no tasks and runs when it is asked for.
const ProbeKey = "switch-over-probe"

// probeSleep is how often Probe looks whether its run has ended.
const probeSleep = 20 * time.Millisecond

func (r *run) isProbe() bool { return r.row.Trigger == BySwitch }

// Probe runs a timetable without tasks that needs the role, through the ledger
// and the runner as any other, and waits for its end: proof that this server
// runs what only a primary does. A run that did not do well is an error too.
func (e *Engine) Probe(ctx context.Context, actor string) (last node.Run, err error) {
	err = e.ask(ctx, func(ctx context.Context, d *desk) error {
		last, err = d.probe(ctx, actor)
		return err
	})
	of := node.RunQuery{Timetables: []string{ProbeKey}, Server: last.Server, Since: last.Slot, Before: last.Slot + 1, Limit: 1}
	for err == nil && !last.State.Final() {
		select {
		case <-time.After(probeSleep):
		case <-ctx.Done():
			return last, fmt.Errorf("probe: run %d is %s: %w", last.ID, last.State, ctx.Err())
		}
		var rows []node.Run
		if rows, err = e.o.Ledger.Runs(ctx, of); len(rows) > 0 {
			last = rows[0]
		}
	}
	if err == nil && last.State != node.RunOK {
		err = fmt.Errorf("it ended as %s: %s", last.State, last.Reason)
	}
	if err != nil {
		return last, fmt.Errorf("probe: %w", err)
	}
	return last, nil
}

// probe claims a probe, and lines it up.
func (d *desk) probe(ctx context.Context, actor string) (node.Run, error) {
	now := d.clock.peek()
	if err := d.look(ctx, now); err != nil {
		return node.Run{}, err
	}
	e := &entry{t: timetable.Timetable{ID: ProbeKey, Name: ProbeKey, RunsOn: timetable.OnPrimary}, seen: now, index: -1}
	switch {
	case !d.here.arms(e.t):
		return node.Run{}, fmt.Errorf("%w: it is no primary", node.ErrRole)
	case d.here.Held != "":
		return node.Run{}, fmt.Errorf("%w: %s", ErrNotHere, d.here.Held)
	case d.here.Draining:
		return node.Run{}, node.ErrDraining
	}
	if now%record.Second == 0 {
		now++ // those are of schedules
	}
	rows, err := d.claim(ctx, []node.Claim{{
		Timetable: ProbeKey, Name: ProbeKey, Slot: now, Attempt: 1, Trigger: BySwitch, Actor: actor, State: node.RunClaimed, Role: node.Primary,
	}})
	if err != nil || len(rows) == 0 {
		return node.Run{}, err
	}
	d.lineUpFor(e, rows[0])
	return rows[0], nil
}
