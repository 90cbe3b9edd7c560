package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/timetable"
	"github.com/twinctl/twin/timetable/task"
)

// A Ledger is where every slot has its row: node.db. Each method that changes
// something is one transaction; see there what errors mean.
type Ledger interface {
	ClaimRuns(ctx context.Context, epoch int64, claims []node.Claim) ([]node.Run, error)
	StartRun(ctx context.Context, id int64) error
	EndRun(ctx context.Context, id int64, end node.RunEnd) error
	RunCursors(ctx context.Context) (map[string]record.Instant, error)
	UnendedRuns(ctx context.Context) ([]node.Run, error)
	Runs(ctx context.Context, q node.RunQuery) ([]node.Run, error)
	RunsTold(ctx context.Context) (node.RunsTold, error)
	TwinCursors(ctx context.Context) (map[string]record.Instant, error)
	SweepRuns(ctx context.Context, before record.Instant, remove func(outputs []string) error) (int, error)
}

// A Runner runs the tasks of a timetable: it blocks until the last of them, and
// all that they started, is gone. When ctx ends it ends them.
type Runner interface {
	Run(ctx context.Context, job task.Job) task.Outcome
}

// A List is the timetables as they are administered now: all of them, or what
// became of them since an earlier generation.
type List struct {
	Generation int64 // of the administration data that it was read from
	Since      int64 // what changed after this one; 0: all
	Timetables []timetable.Timetable
	Gone       []string     // with Since: the IDs of those that there are not any more, or that cannot be read
	Unreadable []Unreadable // all of them
}

// An Unreadable is a row that cannot be read: it has no slots, and an alarm.
type Unreadable struct{ ID, Name, Error string }

// Options are what an engine needs. Every function may be called at any time,
// from one goroutine.
type Options struct {
	Ledger Ledger
	Runner Runner
	// Here tells where this server stands. It is asked in each pass.
	Here func(context.Context) (Here, error)
	// Generation tells that of the administration data, at little cost; when it
	// is another one, Timetables is asked what changed since, and may tell all. At
	// first it is asked with 0: all.
	Generation func(context.Context) (int64, error)
	Timetables func(ctx context.Context, since int64) (List, error)
	// Begun tells since when timetables have had the slots that they have, as far
	// as this server knows; nil: it never does. It is asked once, of those that run
	// here and that nothing was ever decided upon.
	Begun func(ctx context.Context, ids []string) (map[string]record.Instant, error)
	// Settle waits until nothing runs any more that an earlier twind started; nil:
	// nothing ever does. It is asked before what was interrupted is run again.
	Settle func(context.Context) error
	// Ready says what keeps tasks from running on this server now, "" if nothing
	// does; nil: nothing ever does. It is asked before each run, by a goroutine of
	// its own: it may look at files and wait for them, until ctx ends.
	Ready func(ctx context.Context, tasks []task.Task) string
	// Pause writes down that a timetable paused itself. Where it cannot, as on
	// the secondary, the timetable is paused here until it is edited.
	Pause func(ctx context.Context, t timetable.Timetable, reason string) error
	// Remove removes files with output, by their names below data/runs; those
	// that are gone already are no error.
	Remove func(outputs []string) error
	// AtOnce is how many runs may go on at once; 0: 5.
	AtOnce int
	// Now is the wall clock; nil: the machine's. What it makes beside the
	// monotonic clock is a step.
	Now func() time.Time
	Log *slog.Logger
}

// atOnce is how many runs go on at once unless it is said.
const atOnce = 5

// An Engine decides what is due on this server, and runs it.
type Engine struct {
	o     Options
	wake  chan struct{}
	asks  chan func(context.Context, *desk)
	ended chan outcome
	state atomic.Pointer[State]
}

// New returns an engine that does nothing until Run.
func New(o Options) *Engine {
	if o.AtOnce <= 0 {
		o.AtOnce = atOnce
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Engine{
		o: o, wake: make(chan struct{}, 1), asks: make(chan func(context.Context, *desk)), ended: make(chan outcome, o.AtOnce),
	}
	e.state.Store(&State{})
	return e
}

// Wake tells the engine to look at once whether the role, the maintenance or a
// timetable changed. It never blocks; any goroutine may call it.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// The longest that the engine sleeps: while something runs it looks each second
// whether this server still may.
const (
	longSleep  = 30 * time.Second
	shortSleep = time.Second
	roleSleep  = 20 * time.Millisecond
)

// Run decides and runs until ctx ends; then it ends what runs, waits for it and
// writes that down. What a full disk or a busy file keeps it from is tried
// again each second; any other error of the ledger ends it.
func (e *Engine) Run(ctx context.Context) error {
	d := newDesk(e)
	while, end := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() { defer close(swept); e.sweep(while) }()
	defer func() { end(); <-swept }()
	defer d.stop(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		wait, err := time.Duration(0), error(nil)
		if d.begun {
			wait, err = d.pass(ctx)
		} else if err = d.begin(ctx); err == nil {
			d.begun = true
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, node.ErrRole), errors.Is(err, node.ErrDraining), errors.Is(err, errMoved):
			wait = roleSleep // it changed since it was asked: so is the decision
		case passes(err):
			e.o.Log.Error("timetables wait: the ledger cannot be written", "err", err)
			wait = shortSleep
		default:
			return err
		}
		d.sleep(ctx, wait)
	}
	return nil
}

// passes tells of errors that end by themselves.
func passes(err error) bool { return errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrBusy) }

// sleep waits, at most for so long, until there is something to do, and does
// what it was asked meanwhile.
func (d *desk) sleep(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	asks := d.e.asks
	if !d.begun {
		asks = nil // nothing is known yet: who asks waits
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.e.wake:
	case do := <-asks:
		do(ctx, d)
	case o := <-d.e.ended:
		d.endings = append(d.endings, o)
	}
}

const (
	keptFor   = 90 * 24 * time.Hour
	sweepEach = 6 * time.Hour
)

// sweep forgets old runs and their output, until ctx ends.
func (e *Engine) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEach)
	defer tick.Stop()
	for {
		n, err := e.o.Ledger.SweepRuns(ctx, record.At(e.o.Now()).Add(-keptFor), e.o.Remove)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			e.o.Log.Error("old runs stay", "err", err)
		case n > 0:
			e.o.Log.Info("old runs were forgotten", "runs", n)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
