package acd

import (
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// now returns what the agent is doing, and why it is paused: the reason of the
// pause that began last.
func (a *agent) now() (doing, string) {
	var staffed, pause bool
	var why string
	var turned record.Instant
	for i := range a.queues {
		m := &a.queues[i]
		staffed = staffed || m.as == added || m.as == implied || m.as == configured && !a.phoneIs(m.phone, Unreachable)
		if m.paused && (m.as != removed || m.queue == "") && (!pause || m.turned > turned) {
			pause, why, turned = true, m.why, m.turned
		}
	}
	switch {
	case !staffed:
		return absent, ""
	case a.talking:
		return inTalk, ""
	case len(a.rings) > 0:
		return inRing, ""
	case slices.ContainsFunc(a.phones, func(p phone) bool { return p.state == InUse }):
		return otherCall, ""
	case pause:
		return inPause, why
	}
	return available, ""
}

func (a *agent) phoneIs(name string, state Device) bool {
	for _, p := range a.phones {
		if p.name == name {
			return p.state == state
		}
	}
	return false
}

// turn takes over what the agent does from a time on, up to which its time is
// counted.
func (f *Fold) turn(a *agent, at record.Instant) {
	at = max(at, a.counted)
	met := a.met
	a.met = true
	next, why := a.now()
	if next == a.doing && why == a.why {
		return
	}
	switch {
	case a.doing == absent && met:
		if c := f.agent(at, a.name); c.FirstLogin == 0 {
			c.FirstLogin = at
		}
	case a.doing == absent:
	case next == absent:
		f.agent(at, a.name).LastLogout = at
	}
	if a.since < at {
		a.before = a.segment
	}
	a.segment = segment{doing: next, why: why, since: at}
}

// account counts an agent's time up to a time in the same interval.
func (f *Fold) account(a *agent, to record.Instant) {
	length := to - a.counted
	if length <= 0 {
		return
	}
	from := a.counted
	a.counted = to
	if a.doing == absent {
		return
	}
	c := f.agent(from, a.name)
	c.Staffed += length
	c.spend(a.doing, a.why, length)
}

// spend gives a length of time to what was done, or takes it away.
func (c *AgentCounts) spend(as doing, why string, length record.Instant) {
	switch as {
	case available:
		c.Available += length
	case inPause:
		c.Paused += length
		if c.PausedFor == nil {
			c.PausedFor = map[string]record.Instant{}
		}
		if c.PausedFor[why] += length; c.PausedFor[why] == 0 {
			delete(c.PausedFor, why)
		}
	case otherCall:
		c.OtherCall += length
	case inRing:
		c.Ringing += length
	case inTalk:
		c.Talk += length
	case absent:
	}
}
