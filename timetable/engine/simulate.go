package engine

import (
	"iter"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// A Simulation is a server whose clock runs from one instant to another at
// once: the same decisions, and nothing is run.
type Simulation struct {
	Here       Here // it stands there all the time, and is held as long as it is now
	Timetables []timetable.Timetable
	From, To   record.Instant
	// Took returns how long a run takes; nil: no time at all.
	Took func(id string) time.Duration
	// AtOnce is how many runs may go on at once; 0: 5.
	AtOnce int
}

// A Future is what becomes of a slot.
type Future struct {
	ID, Name string // of the timetable
	Slot     record.Instant
	Start    record.Instant // when it is due here: on the secondary a while behind its slot
	State    node.RunState  // claimed: it runs; "": it is not this server's to run
	Reason   string         // why it does not
	Crowded  bool           // it runs, but as many go on as may: it waits for a place
	Held     bool           // it runs, but not as long as what needs the role is held
}

// WhyStandby is the reason of a slot that is not this server's to run.
const WhyStandby = "standby"

// Run tells what becomes of each slot, in the order in which they are due.
func (s Simulation) Run() iter.Seq[Future] {
	return func(yield func(Future) bool) {
		var a agenda
		for _, t := range s.Timetables {
			e := &entry{t: t, through: s.From - 1, index: -1}
			a.set(e, Decide(s.caseOf(e, s.From-1, false)).Next)
		}
		ends := map[*entry]record.Instant{}
		for len(a) > 0 && a[0].at < s.To {
			e, now := a[0], a[0].at
			v := Decide(s.caseOf(e, now, ends[e] > now))
			for _, c := range v.Claims {
				f := Future{ID: e.t.ID, Name: e.t.Name, Slot: c.Slot, Start: now, State: c.State, Reason: c.Reason}
				switch {
				case c.State != node.RunClaimed:
				case s.Here.Held != "" && s.Here.holds(e.t):
					f.Held = true
				default:
					f.Crowded = crowd(ends, now) >= s.atOnce()
					ends[e] = now.Add(s.took(e.t.ID))
				}
				if c.State != "" && !yield(f) {
					return
				}
			}
			e.through = v.Through
			a.set(e, v.Next)
		}
	}
}

func (s Simulation) caseOf(e *entry, now record.Instant, busy bool) Case {
	here := s.Here
	here.Held, here.Draining = "", false
	here.Since, here.Owns = min(here.Since, s.From-1), min(here.Owns, s.From-1) // what it has the role for, it has had from the first
	c := Case{Timetable: e.t, Now: now, Through: e.through, Here: here}
	if busy {
		c.Live = 1
	}
	return c
}

func (s Simulation) took(id string) time.Duration {
	if s.Took == nil {
		return 0
	}
	return s.Took(id)
}

func (s Simulation) atOnce() int {
	if s.AtOnce > 0 {
		return s.AtOnce
	}
	return atOnce
}

// crowd counts the runs that go on.
func crowd(ends map[*entry]record.Instant, now record.Instant) (n int) {
	for e, end := range ends {
		if end > now {
			n++
		} else {
			delete(ends, e)
		}
	}
	return n
}

// Coming returns what becomes of the next n slots of a timetable after an
// instant, on a server that stands there: also of one that does not run there.
func Coming(t timetable.Timetable, here Here, after record.Instant, n int) []Future {
	var all []Future
	if !here.arms(t) {
		for at := after.Time(); len(all) < n; {
			slot, ok := t.Schedule.Next(at)
			if !ok {
				break
			}
			all = append(all, Future{ID: t.ID, Name: t.Name, Slot: record.At(slot), Start: record.At(slot), Reason: WhyStandby})
			at = slot
		}
		return all
	}
	s := Simulation{Here: here, Timetables: []timetable.Timetable{t}, From: after + 1, To: 1<<63 - 1}
	for f := range s.Run() {
		if len(all) == n {
			break
		}
		all = append(all, f)
	}
	return all
}
