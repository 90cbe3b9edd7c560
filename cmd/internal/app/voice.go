package app

import (
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/exchange"
)

// heldFor is how long the secondary waits before it takes it that its primary
// has told of a crossing: within that it would have noticed that it is gone.
const heldFor = 15 * time.Second

// A voice is who tells people of a crossing, which both twins see.
type voice int

// The voices.
const (
	later   voice = iota // it cannot be told yet
	ours                 // this server is the primary
	instead              // this server, for the primary cannot be reached
	theirs               // the twin tells, or has told
)

// A stance is what decides who tells.
type stance struct {
	acts bool // this server is primary, and knows of no later one
	twin exchange.Standing
}

// newStance looks at who this server is.
func newStance(self node.Self, twin exchange.Standing) stance {
	return stance{self.Role == node.Primary && !self.Superseded(), twin}
}

// voice decides about a crossing that was seen then. told tells whether the
// twin has told of it, as far as is known: it may have done so and then died.
func (p stance) voice(now, seen time.Time, told bool) voice {
	young := now.Sub(seen).Abs() < heldFor // also where the clock was set back
	switch {
	case told:
		return theirs
	case p.acts && p.twin.State == exchange.Unknown && young:
		return later // it may have
	case p.acts:
		return ours
	case !p.twin.Paired():
		return instead
	case p.twin.State == exchange.OK && p.twin.Word.Doc.Role != node.Primary:
		return instead // there is none
	case p.twin.State == exchange.OK && !young:
		return theirs
	case p.twin.State == exchange.OK, p.twin.State == exchange.Unknown && young:
		return later
	case p.twin.State != exchange.Unknown && now.Sub(p.twin.Since) < twinLostAfter:
		return later
	}
	return instead
}

// alone tells whether this is a secondary that cannot reach its primary.
func (p stance) alone(now time.Time) bool {
	return p.voice(now, now.Add(-2*heldFor), false) == instead
}
