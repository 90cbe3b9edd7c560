package acd

import (
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// An event of Asterisk's manager may stand up to 4 ms before its cause; one of
// a file that tells whole seconds anywhere within its second.
const (
	managerSlack = record.Second / 100
	manyHeld     = 1 << 8
)

// follows says whether what e follows from has been heard, so that it can be
// counted in its place.
func (f *Fold) follows(e *Event) bool {
	switch e.Type {
	case LoggedIn, LoggedOut, Paused, Unpaused:
		return f.changes(e)
	case Refused, AgentState, CallLeg, Restarted, Other:
		return true
	case Completed:
		return f.talkOf(e) != nil
	default:
	}
	if e.Leg == "" {
		return true
	}
	l := f.legs[e.Leg]
	if e.Type == Offered {
		return l == nil || l.how != waiting
	}
	return l != nil && (l.expects(e, f.callings) || l.echoed(e, f.slack) != nil)
}

// expects says whether an event of a leg other than its joining can follow.
func (l *leg) expects(e *Event, callings bool) bool {
	switch e.Type {
	case Called, Answered, Abandoned, TimedOut, LeftByKey, LeftEmpty:
		return l.queue == e.Queue && l.undecided()
	case RingNoAnswer, RingCanceled:
		return !callings || l.queue == e.Queue && slices.Contains(l.rings, e.Agent) || l.ceasedFor(e) != nil
	case Left:
		return l.queue == e.Queue
	default: // Outcome
		return true
	}
}

// hold keeps an event until what it follows from is heard.
func (f *Fold) hold(e Event) {
	if len(f.held) >= manyHeld {
		first := f.held[0]
		f.held = slices.Delete(f.held, 0, 1)
		f.apply(&first)
	}
	f.held = append(f.held, e)
}

// resume counts the held events that can be counted by now, oldest first.
func (f *Fold) resume() {
	for i := 0; i < len(f.held); i++ {
		if !f.follows(&f.held[i]) {
			continue
		}
		e := f.held[i]
		f.held = slices.Delete(f.held, i, i+1)
		f.apply(&e)
		i = -1
	}
}

// release counts the events that were held for long enough before a time: what
// they follow from was never told.
func (f *Fold) release(before record.Instant) {
	for len(f.held) > 0 && f.held[0].At+f.slack < before {
		e := f.held[0]
		f.held = slices.Delete(f.held, 0, 1)
		f.apply(&e)
		f.resume()
	}
}
