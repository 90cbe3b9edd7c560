package tui

import (
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// A State is everything that the first screen tells, as this server knows it.
type State struct {
	Own   node.Document // of this server; its Twin names the other one
	Gaps  []history.Gap // of this server, in any order; nil if not looked at
	Twin  *Told         // nil until the twin was heard, or when there is none
	Link  *Link         // nil: what Own.Twin says is all that is known
	Fills []Filling     // that run now
}

// Told is what the twin said last.
type Told struct {
	At       time.Time // when it was heard, by this server's clock
	Document node.Document
	Gaps     []history.Gap // nil if it did not tell them one by one
}

// A Link is how the session to the twin is doing.
type Link struct {
	State     string        // as TwinDocument.State: ok, unreachable, mute, refused, frozen, unknown
	Since     time.Time     // of the state; zero: not known
	RoundTrip time.Duration // of the last exchange; zero: not known
	Text      string        // what there is to say beyond the state: "we hear it, it does not hear us"
}

// A Filling is a copy of what is missing, under way.
type Filling struct {
	Feed        string
	To, From    string        // the servers: who lacks it, who has it
	Done, Total int64         // records; Total 0: not known yet
	Rate        float64       // records a second
	Remaining   time.Duration // zero: not known yet
}
