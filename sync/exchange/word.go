// Package exchange is what the twins tell each other every five seconds, and
// what each makes of the other's answer or of its silence.
//
// Each server asks the other over its own link, so that trouble in one
// direction shows: then one of them is still told that it is not heard.
package exchange

import (
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// Verb is the one that a Word is asked and answered with.
const Verb = "word"

// A Word is what a server says of itself to its twin.
type Word struct {
	Server string         `json:"server"`   // the teller's own, for ever
	Pair   string         `json:"pair"`     // the one that it takes us for the other half of
	At     record.Instant `json:"at"`       // by its clock
	Doc    node.Document  `json:"doc"`      // what it is doing, and in Doc.Twin what it makes of us
	Silent int64          `json:"silent_s"` // for how many seconds its twind has said nothing; 0 while it speaks
	Zones  string         `json:"zones"`    // version of its time-zone data; "" if it cannot tell
	Feeds  []Section      `json:"feeds"`    // what both must have configured alike
	Audit  node.Head      `json:"audit"`
	Runs   *Runs          `json:"runs,omitempty"` // nil: it keeps none of ours, and tells none
}

// A Section is the part of a feed's configuration that must be the same on
// both twins: each key with its value as twin.toml has it.
type Section struct {
	Name string            `json:"name"`
	Keys map[string]string `json:"keys"`
}

// A State is how the twin is doing, as far as this server can tell.
type State string

// The states of the twin.
const (
	OK          State = "ok"
	Unreachable State = "unreachable" // there is nobody, or nobody who collects
	Mute        State = "mute"        // it accepts a connection and says nothing
	Refused     State = "refused"     // it does not let us in, or is not whom we know
	Frozen      State = "frozen"      // it stood, and gives no more answers
	Unknown     State = "unknown"     // it was not asked yet
)

// A Standing is what is known of the twin at a moment.
type Standing struct {
	State State
	Err   error     // why it is not OK
	Since time.Time // of the state
	Word  *Word     // its last answer; nil if it never gave one
	Asked time.Time // when that was asked for
	At    time.Time // of that
	Ahead time.Duration
}

// Paired tells whether there is a twin at all.
func (s Standing) Paired() bool { return s.State != "" }

// OneWay tells that we reach the twin, and that it says it does not reach us.
func (s Standing) OneWay() bool {
	if s.State != OK || s.Word.Doc.Twin == nil {
		return false
	}
	switch State(s.Word.Doc.Twin.State) {
	case OK, Unknown:
		return false
	default:
		return true
	}
}
