package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// What a caller of Start, Cancel and Backfill may branch on; nothing was
// changed then.
var (
	// ErrNoTimetable is returned for one that there is not, or that cannot be read.
	ErrNoTimetable = errors.New("no such timetable")
	// ErrNotHere is returned for a timetable that does not run on this server as
	// it stands, or must not run yet.
	ErrNotHere = errors.New("it does not run on this server now")
	// ErrMaintenance is returned while a person wants nothing to start.
	ErrMaintenance = errors.New("there is maintenance")
	// ErrCannot is returned for a timetable that has a problem: it follows.
	ErrCannot = errors.New("it cannot run")
	// ErrOverlap is returned when a run of it goes on, and it allows no other.
	ErrOverlap = errors.New("a run of it goes on")
	// ErrNotRunning is returned by Cancel for a run that has ended.
	ErrNotRunning = errors.New("it does not run")
	// ErrStretch is returned for a backfill of more than can be done at once.
	ErrStretch = errors.New("want a shorter stretch")
	// ErrStopped is returned when the engine ends before it does what it was asked.
	ErrStopped = errors.New("twind stops")
)

// ask has the engine's goroutine do something, and waits for it.
func (e *Engine) ask(ctx context.Context, do func(context.Context, *desk) error) error {
	done := make(chan error, 1)
	select {
	case e.asks <- func(ctx context.Context, d *desk) { done <- do(ctx, d) }:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrStopped, ctx.Err())
	}
	return <-done
}

// Start runs a timetable for a person, now. The run counts for overlaps as any
// other does; a pause does not keep it. It returns the run as claimed; the
// ledger tells what becomes of it.
func (e *Engine) Start(ctx context.Context, id, actor string) (started node.Run, err error) {
	err = e.ask(ctx, func(ctx context.Context, d *desk) error {
		entry, err := d.startable(ctx, id)
		if err != nil {
			return err
		}
		now := d.clock.peek()
		slot := now
		if slot%record.Second == 0 {
			slot++ // those are of schedules
		}
		queue := entry.t.Overlap == timetable.OverlapQueue && entry.waiting == 0
		cancel := entry.t.Overlap == timetable.OverlapCancel
		if live := entry.running + entry.waiting; live > 0 && !queue && !cancel && entry.t.Overlap != timetable.OverlapAllow {
			return fmt.Errorf("timetable %s: %w", entry.t.Name, ErrOverlap)
		}
		rows, err := d.claim(ctx, []node.Claim{{
			Timetable: id, Name: entry.t.Name, Slot: slot, Attempt: 1, Trigger: ByPerson, Actor: actor,
			State: node.RunClaimed, Role: entry.t.NeedsRole(),
		}})
		if err != nil {
			return err
		}
		if cancel { // now that the other one is there
			d.cancelRuns(entry, WhyOverlap)
		}
		for _, r := range rows {
			d.lineUp(r)
			started = r
		}
		return nil
	})
	return started, err
}

// startable returns a timetable's entry if a person may start it now. It looks
// first: the person may have changed something a moment ago.
func (d *desk) startable(ctx context.Context, id string) (*entry, error) {
	now := d.clock.peek()
	if err := d.look(ctx, now); err != nil {
		return nil, err
	}
	e, ok := d.entries[id]
	if !ok {
		return nil, ErrNoTimetable
	}
	switch {
	case !d.here.arms(e.t):
		return nil, fmt.Errorf("timetable %s: %w: it runs on %s", e.t.Name, ErrNotHere, e.t.RunsOn)
	case d.here.Held == "" && d.here.holds(e.t):
		return nil, fmt.Errorf("timetable %s: %w", e.t.Name, node.ErrDraining)
	case d.here.holds(e.t):
		return nil, fmt.Errorf("timetable %s: %w: %s", e.t.Name, ErrNotHere, d.here.Held)
	case d.here.Maintenance.Holds(now):
		return nil, fmt.Errorf("timetable %s: %w: %s", e.t.Name, ErrMaintenance, d.here.Maintenance.Reason)
	case e.t.Problem != "":
		return nil, fmt.Errorf("timetable %s: %w: %s", e.t.Name, ErrCannot, e.t.Problem)
	}
	return e, nil
}

// Cancel ends a run of this server for a person: one that waits at once, one
// that goes on as soon as its tasks are gone.
func (e *Engine) Cancel(ctx context.Context, id int64, actor string) error {
	return e.ask(ctx, func(ctx context.Context, d *desk) error {
		why := "by " + actor
		if r, ok := d.running[id]; ok {
			r.stop(why)
			return nil
		}
		r := d.takeWaiting(id)
		if r == nil {
			return fmt.Errorf("run %d: %w", id, ErrNotRunning)
		}
		if err := d.giveUp(ctx, r, node.RunCancelled, why); err != nil {
			d.waitAgain(r)
			return err
		}
		return nil
	})
}

// takeWaiting takes a run out of where it waits, nil if it does not.
func (d *desk) takeWaiting(id int64) *run {
	for i, r := range d.line {
		if r.row.ID == id {
			return d.line.take(i)
		}
	}
	for _, e := range d.entries {
		for i, r := range e.blocked {
			if r.row.ID == id {
				e.blocked = append(e.blocked[:i], e.blocked[i+1:]...)
				return r
			}
		}
	}
	return nil
}

// waitAgain puts back what was taken.
func (d *desk) waitAgain(r *run) { d.line.put(r) }
