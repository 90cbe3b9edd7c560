package report

import (
	"slices"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// echo is how long after the end of a wait its outcome may be told.
const echo = record.Second

// A verdict is what is known of a leg's wait in a queue, as events of the
// manager tell it: in several, and not always in their order.
type verdict struct {
	joined   bool
	answered bool
	left     int // the event that says that it left; -1: none
	ended    int // the event that says that it ended without an answer; -1: none
	told     bool
	hint     acd.Type // an outcome that was told before the end
	former   *verdict
}

// judgeCall makes one event of how each wait of a call ended, as what is counted
// has it: who left in a way that is told apart did not abandon. The events are
// in the order of time.
func judgeCall(events []told) []told {
	gone := make([]bool, len(events))
	legs := map[string]*verdict{}
	outcomes := false
	for i := range events {
		e := &events[i]
		v := legs[e.Leg]
		if v == nil {
			v = &verdict{left: -1, ended: -1}
			legs[e.Leg] = v
		}
		switch e.Type {
		case acd.Offered:
			legs[e.Leg] = &verdict{joined: true, left: -1, ended: -1, former: v}
		case acd.Answered:
			v.answered = true
		case acd.Abandoned:
			v.ended = i
			if v.hint != "" {
				e.Type, v.told = v.hint, true
			}
		case acd.Left:
			v.left, gone[i] = i, true
		case acd.Outcome:
			outcomes = true
			gone[i] = !v.outcome(events, i)
		default:
		}
	}
	for leg, v := range legs {
		for last := v; v != nil; v = v.former {
			v.settle(events, gone)
			if !outcomes && (v != last || billed(events, leg, v.ended)) {
				v.wentOn(events)
			}
		}
	}
	kept := events[:0]
	for i, e := range events {
		if !gone[i] {
			kept = append(kept, e)
		}
	}
	return kept
}

// outcome applies an event that tells how a wait ended. It is true for one that
// stands for itself: the caller was turned away.
func (v *verdict) outcome(events []told, i int) bool {
	e := &events[i]
	var how acd.Type
	switch e.Reason {
	case "full", "joinempty", "joinunavail":
		e.Type = acd.Refused
		return true
	case "timeout":
		how = acd.TimedOut
	case "leaveempty", "leaveunavail":
		how = acd.LeftEmpty
	default:
		return false
	}
	for _, w := range []*verdict{v, v.former} {
		if w == nil || w.told || w.ended < 0 || w != v && e.At-events[w.ended].At > echo {
			continue
		}
		events[w.ended].Type, w.told = how, true
		return false
	}
	if v.joined && !v.answered {
		v.hint = how
	}
	return false
}

// settle makes who left without a word leave by a key.
func (v *verdict) settle(events []told, gone []bool) {
	if v.joined && v.left >= 0 && v.ended < 0 && !v.answered {
		events[v.left].Type, gone[v.left] = acd.LeftByKey, false
		if v.hint != "" {
			events[v.left].Type = v.hint
		}
	}
}

// wentOn makes of a wait that was called abandoned one that timed out: the
// caller did something else afterwards. A feed that has no event for leaving
// tells the end as it was.
func (v *verdict) wentOn(events []told) {
	if v.ended >= 0 && v.left >= 0 && events[v.ended].Type == acd.Abandoned {
		events[v.ended].Type = acd.TimedOut
	}
}

// billed tells whether a leg did something else after the wait that ended, as
// its bills have it.
func billed(events []told, leg string, ended int) bool {
	return ended >= 0 && slices.ContainsFunc(events, func(e told) bool {
		return e.Record != nil && e.Leg == leg && e.Record.End >= events[ended].At-echo &&
			e.Record.Application != "" && e.Record.Application != "Queue"
	})
}
