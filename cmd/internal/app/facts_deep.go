package app

import (
	"context"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
	"github.com/twinctl/twin/timetable"
)

// deepWithin is how long it may take in all to find out what takes a while.
const deepWithin = 2 * time.Second

// running adds the runs that only a primary has: those that a switch-over waits
// for, or cancels.
func (w Witness) running(ctx context.Context, f *preflight.Facts, _ node.Document) error {
	runs, err := w.Data.Node.UnendedRuns(ctx)
	if err != nil {
		return err
	}
	f.Timetables.Running = []preflight.Run{}
	for _, r := range runs {
		switch {
		case r.Role != node.Primary:
		case len(f.Timetables.Running) == preflight.MaxListed:
			f.Timetables.More++
		default:
			f.Timetables.Running = append(f.Timetables.Running, preflight.Run{Key: r.Timetable, Timetable: r.Name, Started: r.Started})
		}
	}
	return nil
}

// deep reads files through and asks timetables whether they can run here. What
// it cannot find out in time it says.
func (w Witness) deep(ctx context.Context, f *preflight.Facts) *preflight.Deep {
	ctx, cancel := context.WithTimeout(ctx, deepWithin)
	defer cancel()
	d := &preflight.Deep{Unsound: []string{}, Unread: []string{}}
	d.Cannot, d.Always.Cannot = []preflight.Hindered{}, []preflight.Hindered{}
	var reading sync.WaitGroup
	reading.Go(func() { w.readThrough(ctx, d) })
	w.lookAtTimetables(ctx, f, d)
	reading.Wait()
	return d
}

// readThrough reads the files on which a role and what is administered rest. The
// history is far too large for that: a drill proves it.
func (w Witness) readThrough(ctx context.Context, d *preflight.Deep) {
	for _, file := range []struct {
		name  string
		check func(context.Context) error
	}{{"node.db", w.Data.Node.QuickCheck}, {"admin.db", w.Data.Admin.QuickCheck}} {
		switch err := file.check(ctx); {
		case ctx.Err() != nil:
			d.Unread = append(d.Unread, file.name)
		case err != nil:
			d.Unsound = append(d.Unsound, clip(err.Error()))
		}
	}
}

// lookAtTimetables asks each timetable that only a primary runs, and then each
// that runs here whatever the role is, what the engine asks before a run. It
// notes how long those that run now may go on.
func (w Witness) lookAtTimetables(ctx context.Context, f *preflight.Facts, d *preflight.Deep) {
	shelf := w.shelf
	if shelf == nil {
		shelf = new(timetableShelf)
	}
	list, err := shelf.read(ctx, w.Data.Admin, sound)
	if err != nil {
		d.Left = f.Timetables.Total
		return
	}
	timeouts := map[string]time.Duration{}
	var ofRole, always []timetable.Timetable
	for _, t := range list.Timetables {
		if t.NeedsRole() == node.Primary {
			timeouts[t.ID] = t.Timeout
		}
		switch {
		case t.IsPaused(time.Now()):
		case t.NeedsRole() == node.Primary:
			ofRole = append(ofRole, t)
		case t.NeedsRole() == "" && t.RunsAt(f.Name, f.Role):
			always = append(always, t)
		}
	}
	f.Timetables.Total, f.Timetables.Unreadable = len(list.Timetables), len(list.Unreadable)
	for i := range f.Timetables.Running {
		r := &f.Timetables.Running[i]
		r.TimeoutS = int64(timeouts[r.Key] / time.Second)
	}
	w.ask(ctx, ofRole, &d.Asked)
	w.ask(ctx, always, &d.Always)
}

// ask looks at timetables one after the other until ctx ends: one whose files
// are on a machine that gives no answer keeps the rest from being looked at.
func (w Witness) ask(ctx context.Context, wanted []timetable.Timetable, a *preflight.Asked) {
	tasks := &taskRunner{data: w.Data, config: func() *config.Config { return w.Config }, twinctl: besideThis("twinctl")}
	for i, t := range wanted {
		found := make(chan string, 1)
		go func() {
			if t.Problem != "" {
				found <- t.Problem
				return
			}
			found <- tasks.look(ctx, t.Tasks)
		}()
		select {
		case why := <-found:
			a.Looked++
			note(a, t.Name, why)
		case <-ctx.Done():
			a.Left = len(wanted) - i
			return
		}
	}
}

// note notes why a timetable cannot run; "" is that it can.
func note(a *preflight.Asked, name, why string) {
	switch {
	case why == "":
	case len(a.Cannot) == preflight.MaxListed:
		a.More++
	default:
		a.Cannot = append(a.Cannot, preflight.Hindered{Timetable: name, Why: clip(why)})
	}
}
