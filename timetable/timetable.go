// Package timetable is a schedule with its tasks, and what is to become of the
// slots that cannot run when they are due: the administered row, read into a
// value that the engine and the verbs go by.
package timetable

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/schedule"
	"github.com/twinctl/twin/timetable/task"
)

// Where a timetable runs. Any other word is the name of a server.
const (
	OnPrimary   = "primary"
	OnSecondary = "secondary"
	OnBoth      = "both"
)

// A Pick says which of several slots that passed are run after all.
type Pick string

// The picks.
const (
	Skip   Pick = "skip"   // none
	Latest Pick = "latest" // the last one
	All    Pick = "all"    // each, in their order
	Ask    Pick = "ask"    // none until a person says so; of OnPromotion alone
)

// An Overlap says what becomes of a slot while a run of before has not ended.
type Overlap string

// The overlaps.
const (
	OverlapSkip   Overlap = "skip"   // it does not run
	OverlapQueue  Overlap = "queue"  // it waits; one does
	OverlapCancel Overlap = "cancel" // the run of before is cancelled
	OverlapAllow  Overlap = "allow"  // both run
)

// A Timetable is what people administer. It does not change: an edit makes
// another one.
type Timetable struct {
	ID          string // its key, for ever
	Name        string
	Description string
	Owner       string // a login; "": nobody's

	Schedule schedule.Schedule
	Tasks    []task.Task
	RunsOn   string // OnPrimary, OnSecondary, OnBoth or the name of a server
	Calendar string // it runs only on days of this one; "": on any
	NotOn    string // it never runs on days of this one
	// Open tells whether both calendars let it run at a time; nil: they do.
	Open func(time.Time) bool

	Continue bool // behind a task that failed
	Overlap  Overlap

	CatchUp    Pick          // of slots that passed while this server could not run them
	Grace      time.Duration // how old such a slot may be; 0: as old as it likes
	CatchUpMax int           // how many of them
	Spacing    time.Duration // between them

	OnPromotion Pick // of slots that nobody knows the old primary to have run
	AtLeastOnce bool // what a crash left open is run again; else it is not

	Timeout     time.Duration // of all tasks together; 0: none
	TaskTimeout time.Duration // of each; 0: none
	Retries     int
	RetryDelay  time.Duration // before the first; twice as long before each next one

	Paused      bool
	PausedUntil time.Time // zero: until a person resumes it
	PauseReason string
	PauseAfter  int           // failures in a row; 0: never
	MustFinish  time.Duration // after its slot, or there is an alarm; 0: whenever

	// Problem says why it cannot run although it has slots: an owner who may
	// not, a task that there is no longer. "": it can.
	Problem string
	// Mark changes with anything above.
	Mark string
}

// NeedsRole returns the role that a server must have to run it, "" for any.
func (t Timetable) NeedsRole() node.Role {
	switch t.RunsOn {
	case OnPrimary:
		return node.Primary
	case OnSecondary:
		return node.Secondary
	}
	return ""
}

// RunsAt tells whether it runs on a server that has a role, "" for none.
func (t Timetable) RunsAt(server string, role node.Role) bool {
	switch t.RunsOn {
	case OnPrimary, OnSecondary:
		return t.NeedsRole() == role
	case OnBoth:
		return true
	}
	return t.RunsOn == server
}

// ForRole tells whether it runs by roles, not on a server by its name.
func (t Timetable) ForRole() bool { return t.NeedsRole() != "" || t.RunsOn == OnBoth }

// Nowhere says that it is for a server of another name than those that there
// are, "" if it is not. One without a name is not counted.
func (t Timetable) Nowhere(here, twin string) string {
	switch t.RunsOn {
	case OnPrimary, OnSecondary, OnBoth, here, twin:
		return ""
	}
	text := fmt.Sprintf("it runs on %s, and this server is %s", t.RunsOn, here)
	if twin != "" {
		text += ", its twin " + twin
	}
	return text + ": want primary, secondary, both or one of the pair"
}

// IsPaused tells whether it is paused at a time.
func (t Timetable) IsPaused(at time.Time) bool {
	return t.Paused && (t.PausedUntil.IsZero() || at.Before(t.PausedUntil))
}

// IsOpen tells whether its calendars let it run at a time.
func (t Timetable) IsOpen(at time.Time) bool { return t.Open == nil || t.Open(at) }

// maxStagger is how long the secondary waits at most.
const maxStagger = 15 * time.Minute

// Stagger returns how long after a slot the secondary starts what runs on both:
// always the same of the id, at most a tenth of the time to the next slot, and
// never above 15 minutes. The slot stays what it is.
func (t Timetable) Stagger(slot time.Time, role node.Role) time.Duration {
	if t.RunsOn != OnBoth || role != node.Secondary {
		return 0
	}
	most := maxStagger
	if next, ok := t.Schedule.Next(slot); ok {
		most = min(most, next.Sub(slot)/10)
	}
	seconds := uint32(most / time.Second)
	if seconds == 0 {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(t.ID))
	return time.Duration(1+h.Sum32()%seconds) * time.Second
}
