package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// A State is what the engine does, as of its last look.
type State struct {
	At         record.Instant
	Timetables int // that can be read
	Armed      int // that run here as this server stands
	Paused     int // of those
	Held       int // of those: they wait until it is known who is primary
	Running    []node.Run
	Waiting    int   // runs that are claimed and have not begun
	Coming     []Due // the next runs of timetables that are not paused, the first first
	Unreadable []Unreadable
	Problems   []Problem // of those that are armed
	Owed       []Owed
	Stepped    record.Instant // when the clock was seen to be set last; 0: never
	Step       time.Duration  // by how much, ahead if positive
}

// A Problem is why a timetable does not run although it would be due, or that
// it paused itself.
type Problem struct{ ID, Name, Text string }

// An Owed is a slot of which no run has done well yet, though its timetable says
// until when one must have. It is an alarm once that is over.
type Owed struct {
	ID, Name string
	Slot, By record.Instant
}

// State returns what the engine does; any goroutine may ask.
func (e *Engine) State() State { return *e.state.Load() }

// publish tells what stands now.
func (d *desk) publish(now record.Instant) {
	if d.counted == nil || d.recount != 0 && now >= d.recount {
		d.counted, d.recount = d.count(now)
	}
	s := *d.counted
	s.At, s.Waiting, s.Unreadable, s.Stepped, s.Step = now, d.waiting, d.unreadable, d.stepped, d.lastStep
	s.Coming = d.coming(now)
	for e := range d.owed {
		s.Owed = append(s.Owed, Owed{e.t.ID, e.t.Name, e.owed, e.owed.Add(e.t.MustFinish)})
	}
	for _, r := range d.running {
		if r.asking { // it waits
			continue
		}
		s.Running = append(s.Running, r.row)
	}
	slices.SortFunc(s.Owed, func(a, b Owed) int { return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(s.Running, func(a, b node.Run) int { return cmp.Compare(a.ID, b.ID) })
	d.e.state.Store(&s)
}

// count looks at every entry, which is not done in each pass: nothing that it
// tells changes by itself, but for a pause that is over then.
func (d *desk) count(now record.Instant) (s *State, again record.Instant) {
	s = &State{Timetables: len(d.entries)}
	for _, e := range d.entries {
		if !d.here.arms(e.t) {
			continue
		}
		s.Armed++
		if e.t.IsPaused(now.Time()) {
			s.Paused++
			if until := record.At(e.t.PausedUntil); !e.t.PausedUntil.IsZero() && (again == 0 || until < again) {
				again = until
			}
		}
		if d.here.holds(e.t) {
			s.Held++
		}
		switch {
		case e.t.Problem != "":
			s.Problems = append(s.Problems, Problem{e.t.ID, e.t.Name, e.t.Problem})
		case e.t.IsPaused(now.Time()) && strings.HasPrefix(e.t.PauseReason, pausedItself):
			s.Problems = append(s.Problems, Problem{e.t.ID, e.t.Name, "it paused itself: " + e.t.PauseReason})
		}
	}
	slices.SortFunc(s.Problems, func(a, b Problem) int { return cmp.Compare(a.ID, b.ID) })
	return s, again
}

// owe notes that a slot wants a run that does well, and until when.
func (d *desk) owe(e *entry, c node.Claim) {
	if e.t.MustFinish > 0 && e.owed == 0 && c.State != "" && c.State != node.RunSkipped {
		e.owed = c.Slot
		d.owed[e] = true
	}
}

// pay notes that the run of a slot did well: nothing is owed of what came
// before it either.
func (d *desk) pay(e *entry, slot record.Instant) {
	if e.owed != 0 && slot >= e.owed {
		d.payAll(e)
	}
}

func (d *desk) payAll(e *entry) {
	e.owed = 0
	delete(d.owed, e)
}

// readOwed finds out what was owed before this run of twind.
func (d *desk) readOwed(ctx context.Context) error {
	const enough = 100 // slots since it did well last: more say no more
	for _, e := range d.entries {
		if e.t.MustFinish == 0 || !d.here.arms(e.t) {
			continue
		}
		rows, err := d.e.o.Ledger.Runs(ctx, node.RunQuery{Timetables: []string{e.t.ID}, Server: d.here.Server, Limit: enough})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.State == node.RunOK {
				break
			}
			if r.State != node.RunSkipped {
				e.owed = r.Slot
				d.owed[e] = true
			}
		}
	}
	return nil
}
