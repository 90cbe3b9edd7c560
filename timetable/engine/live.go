package engine

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A run is one that was claimed and has not ended.
type run struct {
	row    node.Run
	e      *entry
	cancel context.CancelCauseFunc // nil until it began
	why    string                  // it is cancelled for that; "": it is not
	// asking tells that it is asked whether the tasks can run, ready that they can.
	asking, ready bool
}

// An outcome is what came of a run.
type outcome struct {
	id    int64
	asked bool   // whether its tasks can run: it has not begun
	why   string // they cannot
	task.Outcome
}

// admit begins the runs whose time has come, as many as may go on at once and
// one of each timetable, unless that allows more. What is held stays, also what
// was claimed before this twind began: the twin may have the role by now.
func (d *desk) admit(ctx context.Context, now record.Instant) error {
	for len(d.line) > 0 && len(d.running) < d.e.o.AtOnce && d.line[0].row.Planned <= now {
		r := heap.Pop(&d.line).(*run)
		if r.e.running > 0 && r.e.t.Overlap != timetable.OverlapAllow || r.why == "" && d.here.holds(r.e.t) && !r.isProbe() {
			r.e.blocked = append(r.e.blocked, r)
			continue
		}
		state, why := d.bars(r, now)
		if why != "" {
			if err := d.giveUp(ctx, r, state, why); err != nil {
				heap.Push(&d.line, r)
				return err
			}
			continue
		}
		if d.e.o.Ready != nil && !r.ready {
			d.askReady(ctx, r)
			continue
		}
		if err := d.start(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// askReady asks whether the tasks of a run can run. It has its place meanwhile.
func (d *desk) askReady(ctx context.Context, r *run) {
	r.asking = true
	r.e.waiting--
	r.e.running++
	d.running[r.row.ID] = r
	id, tasks := r.row.ID, r.e.t.Tasks
	go func() { d.e.ended <- outcome{id: id, asked: true, why: d.e.o.Ready(ctx, tasks)} }()
}

// asked goes on with a run that was asked whether its tasks can run: it begins,
// or is skipped. What was decided about it meanwhile goes before that.
func (d *desk) asked(ctx context.Context, o outcome, now record.Instant) error {
	r := d.running[o.id]
	if state, why := d.bars(r, now); o.why != "" && why == "" {
		end := node.RunEnd{State: node.RunSkipped, Reason: lacking + o.why}
		if err := d.e.o.Ledger.EndRun(ctx, o.id, end); err != nil && !errors.Is(err, node.ErrRunState) {
			return err
		}
		d.e.o.Log.Warn("a timetable cannot run here now", "timetable", r.row.Name, "run", o.id, "why", o.why)
		r.row.State = node.RunSkipped
	} else if why != "" {
		if err := d.e.o.Ledger.EndRun(ctx, o.id, node.RunEnd{State: state, Reason: why}); err != nil && !errors.Is(err, node.ErrRunState) {
			return err
		}
		r.row.State = state
	}
	delete(d.running, o.id)
	r.asking, r.ready = false, true
	r.e.running--
	if r.row.State == node.RunClaimed {
		r.e.waiting++
		heap.Push(&d.line, r)
	} else {
		d.waiting--
	}
	d.unblock(r.e)
	return nil
}

// unblock has what waited for a run of the timetable to end look again.
func (d *desk) unblock(e *entry) {
	for _, b := range e.blocked {
		heap.Push(&d.line, b)
	}
	e.blocked = nil
}

// bars says why a run must not begin any more, "" if it may.
func (d *desk) bars(r *run, now record.Instant) (state node.RunState, why string) {
	grace := r.e.t.Grace
	if r.row.Trigger == ByPerson || r.row.Trigger == ByBackfill || r.row.Trigger == ByPromotion {
		grace = 0
	}
	switch {
	case r.why != "":
		return node.RunCancelled, r.why
	case !d.here.arms(r.e.t):
		return node.RunMissed, WhyHandover
	case r.isProbe() && d.here.holds(r.e.t):
		return node.RunMissed, WhyHeld
	case d.here.Maintenance.Holds(now) && !r.isProbe():
		return node.RunMissed, WhyMaintenance
	case grace > 0 && now.Sub(r.row.Planned) > grace:
		return node.RunMissed, WhyLate
	}
	return "", ""
}

// start notes that a run begins, and begins it.
func (d *desk) start(ctx context.Context, r *run) error {
	if err := d.stands(ctx, r); err != nil {
		heap.Push(&d.line, r)
		return err
	}
	err := d.e.o.Ledger.StartRun(ctx, r.row.ID)
	switch {
	case errors.Is(err, node.ErrRole):
		given := d.giveUp(ctx, r, node.RunMissed, WhyHandover)
		if given != nil {
			heap.Push(&d.line, r)
		}
		return errors.Join(err, given)
	case err != nil:
		heap.Push(&d.line, r)
		return err
	}
	r.e.waiting--
	d.waiting--
	r.e.running++
	d.running[r.row.ID] = r
	live, cancel := context.WithCancelCause(ctx)
	r.cancel = cancel
	if err := d.stands(ctx, r); err != nil {
		return d.unstart(ctx, r, err)
	}
	t, job := r.e.t, task.Job{
		Run: r.row.ID, Timetable: r.e.t.Name, Slot: r.row.Slot.Time(), Server: d.here.Server, Role: string(d.here.Role), Epoch: d.here.Epoch,
		Tasks: r.e.t.Tasks, Continue: r.e.t.Continue, Timeout: r.e.t.Timeout, TaskTimeout: r.e.t.TaskTimeout,
	}
	d.e.o.Log.Info("a timetable runs", "timetable", t.Name, "run", job.Run, "slot", r.row.Slot.String(), "trigger", r.row.Trigger)
	go func() { d.e.ended <- outcome{id: job.Run, Outcome: d.e.o.Runner.Run(live, job)} }()
	return nil
}

// giveUp ends a run that never began.
func (d *desk) giveUp(ctx context.Context, r *run, state node.RunState, why string) error {
	err := d.e.o.Ledger.EndRun(ctx, r.row.ID, node.RunEnd{State: state, Reason: why})
	if err == nil || errors.Is(err, node.ErrRunState) {
		r.e.waiting--
		d.waiting--
		return nil
	}
	return err
}

// cancelRuns cancels what goes on of a timetable, and what waits.
func (d *desk) cancelRuns(e *entry, why string) {
	for _, r := range d.running {
		if r.e == e {
			r.stop(why)
		}
	}
	for _, r := range d.line {
		if r.e == e {
			r.why, r.row.Planned = why, 0
		}
	}
	for _, r := range e.blocked {
		r.why = why
	}
	heap.Init(&d.line)
}

// errCancelled is why a run's context ends.
type errCancelled string

func (e errCancelled) Error() string { return string(e) }

// stop ends a run that goes on; the first reason stands.
func (r *run) stop(why string) {
	if r.why == "" {
		r.why = why
	}
	if r.cancel != nil {
		r.cancel(errCancelled(r.why))
	}
}

// end writes down what came of the runs that ended. A next attempt is claimed
// first: after a crash in between the one before is taken for interrupted.
func (d *desk) end(ctx context.Context, now record.Instant) error {
	for len(d.endings) > 0 {
		o := d.endings[0]
		if o.asked {
			if err := d.asked(ctx, o, now); err != nil {
				return err
			}
			d.endings = d.endings[1:]
			continue
		}
		r := d.running[o.id]
		end := endOf(r, o)
		again := (end.State == node.RunFailed || end.State == node.RunTimeout) &&
			r.row.Attempt <= r.e.t.Retries && d.here.arms(r.e.t) && d.entries[r.e.t.ID] == r.e
		if again {
			if err := d.tryAgain(ctx, r.row, now.Add(backOff(r.e.t.RetryDelay, r.row.Attempt))); err != nil {
				return err
			}
		}
		if err := d.endOne(ctx, r, end); err != nil {
			return err
		}
		d.endings = d.endings[1:]
		if again {
			continue
		}
		if err := d.after(ctx, r, end.Reason); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) endOne(ctx context.Context, r *run, end node.RunEnd) error {
	err := d.e.o.Ledger.EndRun(ctx, r.row.ID, end)
	if err != nil && !errors.Is(err, node.ErrRunState) {
		return err
	}
	d.e.o.Log.Info("a timetable ran", "timetable", r.row.Name, "run", r.row.ID, "state", string(end.State), "reason", end.Reason)
	r.cancel(nil)
	delete(d.running, r.row.ID)
	r.e.running--
	d.unblock(r.e)
	r.row.State = end.State
	return nil
}

// endOf returns what stands in the row of a run that ended. What was cancelled
// says why; what did well all the same did well.
func endOf(r *run, o outcome) node.RunEnd {
	end := node.RunEnd{State: node.RunState(o.State), Reason: o.Reason, Output: o.Output, Tail: o.Tail}
	if o.State != task.OK || o.Exit != 0 {
		end.Exit = &o.Exit
	} else {
		end.Exit = new(int)
	}
	switch {
	case o.State == task.Cancelled && r.why == whyStopped:
		end.State, end.Reason, end.Exit = node.RunInterrupted, whyStopped, nil
	case o.State == task.Cancelled && r.why != "":
		end.Reason, end.Exit = r.why, nil
	case !end.State.Final():
		end.State, end.Reason = node.RunFailed, fmt.Sprintf("the runner said %q", o.State)
	}
	return end
}

// pausedItself begins the reason of a timetable that did.
const pausedItself = "it failed "

const (
	whyStopped   = "twind stopped"
	longestDelay = 6 * time.Hour // unless the first is longer
)

// backOff returns how long after an attempt the next one is due, if after the
// first it is first.
func backOff(first time.Duration, attempt int) time.Duration {
	delay := first
	for i := 1; i < attempt && delay < longestDelay; i++ {
		delay *= 2
	}
	return max(first, min(delay, longestDelay))
}

// after goes on behind a slot that is not tried again: what is owed is paid, or
// the timetable pauses.
func (d *desk) after(ctx context.Context, r *run, reason string) error {
	switch r.row.State {
	case node.RunOK:
		r.e.failures = 0
		d.pay(r.e, r.row.Slot)
	case node.RunFailed, node.RunTimeout:
		return d.failed(ctx, r, reason)
	default:
	}
	return nil
}

// tryAgain claims the next attempt at a slot.
func (d *desk) tryAgain(ctx context.Context, row node.Run, at record.Instant) error {
	e := d.entries[row.Timetable]
	rows, err := d.claim(ctx, []node.Claim{{
		Timetable: row.Timetable, Name: e.t.Name, Slot: row.Slot, Attempt: row.Attempt + 1, Trigger: ByRetry, Actor: row.Actor,
		State: node.RunClaimed, Planned: at, Role: e.t.NeedsRole(),
	}})
	for _, r := range rows {
		d.lineUp(r)
	}
	return err
}

// failed counts a failure, and pauses a timetable that has too many in a row.
func (d *desk) failed(ctx context.Context, r *run, last string) error {
	e := r.e
	if e.t.PauseAfter == 0 {
		return nil
	}
	if e.failures < 0 {
		before, err := d.failuresBefore(ctx, e, r.row.ID)
		if err != nil {
			return err
		}
		e.failures = before
	}
	if e.failures++; e.failures < e.t.PauseAfter {
		return nil
	}
	e.failures = 0
	d.counted = nil
	reason := fmt.Sprintf("%s%d times in a row", pausedItself, e.t.PauseAfter)
	e.t.Paused, e.t.PausedUntil, e.t.PauseReason = true, time.Time{}, reason
	d.e.o.Log.Error("a timetable paused itself", "timetable", e.t.Name, "reason", reason, "last", last)
	if d.e.o.Pause == nil {
		return nil
	}
	if err := d.e.o.Pause(ctx, e.t, reason); err != nil {
		d.e.o.Log.Warn("a timetable is paused here alone, until it is edited", "timetable", e.t.Name, "err", err)
	}
	return nil
}

// failuresBefore counts the slots that failed in a row before a run, by the
// ledger.
func (d *desk) failuresBefore(ctx context.Context, e *entry, id int64) (n int, err error) {
	of := node.RunQuery{
		Timetables: []string{e.t.ID}, Server: d.here.Server, Limit: e.t.PauseAfter * (e.t.Retries + 1),
		States: []node.RunState{node.RunOK, node.RunFailed, node.RunTimeout},
	}
	rows, err := d.e.o.Ledger.Runs(ctx, of)
	slots := map[record.Instant]bool{}
	for _, r := range rows {
		if r.ID == id {
			slots[r.Slot] = true // it is counted by itself
			continue
		}
		if r.State == node.RunOK {
			break
		}
		if !slots[r.Slot] {
			slots[r.Slot] = true
			n++
		}
	}
	return n, err
}
