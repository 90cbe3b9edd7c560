package engine

import (
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// Here is where this server stands: all that decides, beside a timetable
// itself, whether it may run here now.
type Here struct {
	Server string // its name
	// Role is what it acts as: "" while it is neither, as a primary that has
	// heard of a higher epoch.
	Role  node.Role
	Epoch int64
	Since record.Instant // of the role
	// Owns is after when slots of what only a primary runs are this primary's:
	// before Since where the old one gave the role away in order.
	Owns record.Instant
	// Handed says that it did: the twin told what became of every slot up to Owns,
	// or, if it never took the role, has none to tell of.
	Handed bool
	// Draining says that the role is being moved: nothing that only a primary runs
	// starts. Slots wait with it.
	Draining bool
	// Held says why nothing that needs the role starts yet, "" if it does: a
	// primary that starts and cannot ask its twin waits. Slots wait with it.
	Held string
	// Maintenance is whether a person wants nothing to start.
	Maintenance node.Maintenance
	// TwinStopped says that the twin is known to have stopped acting as primary
	// before it told of its runs last: what it did not tell of, it did not run.
	TwinStopped bool
}

// arms tells whether the timetable runs on this server as it stands.
func (h Here) arms(t timetable.Timetable) bool { return t.RunsAt(h.Server, h.Role) }

// holds tells whether the timetable waits until it is known who is primary.
func (h Here) holds(t timetable.Timetable) bool {
	return h.Held != "" && t.NeedsRole() != "" || h.Draining && t.NeedsRole() == node.Primary
}

// owned returns after when slots of what needs the role are this server's.
func (h Here) owned() record.Instant {
	if h.Role == node.Primary {
		return h.Owns
	}
	return h.Since
}

// due returns when a slot is to start here: at once, or a while later on the
// secondary of what runs on both.
func (h Here) due(t timetable.Timetable, slot time.Time) record.Instant {
	return record.At(slot).Add(t.Stagger(slot, h.Role))
}

// An absence is a stretch in which this server could start nothing that was due.
type absence struct {
	span record.Span
	why  string // down, held, draining, clock-step
}
