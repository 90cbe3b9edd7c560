package acd

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// A liveAgent is what is known of one agent.
type liveAgent struct {
	name    string
	heard   record.Instant // of the latest event
	members []liveMember   // in the order in which they were heard of
	calls   []liveCall     // likewise

	standing Standing
	since    record.Instant
}

// A liveMember is an agent's membership of a queue by one phone, or a login
// that is of no queue. What the feed does not tell is empty.
type liveMember struct {
	queue, phone string
	device       Device
	paused       bool
	reason       string
	since        record.Instant // of the pause
	told         record.Instant // the latest of these
}

// A liveCall is a caller with the agent, or for whom the agent's phone rings.
type liveCall struct {
	leg, queue string // leg "": some talk, as a snapshot told
	since      record.Instant
	talk       bool
	unsure     bool // of before a snapshot, after which it may have been another
}

// agent returns the agent whom the event names, heard of just now; nil if it
// names none.
func (l *Live) agent(e Event) *liveAgent {
	if e.Agent == "" {
		return nil
	}
	a, known := l.agents.get(e.Agent)
	if known {
		l.agents.touch(e.Agent)
	} else {
		a = &liveAgent{name: strings.Clone(e.Agent)}
		l.agents.put(a.name, a)
	}
	a.heard = max(a.heard, e.At)
	return a
}

// member takes a login, a pause or a state.
func (l *Live) member(e Event) {
	a := l.agent(e)
	if a == nil {
		return
	}
	l.see(e.Queue)
	l.enrol(a, e)
	free, fell := false, false
	for i := range a.members {
		m := &a.members[i]
		if overtaken(e.At, m.told) {
			continue
		}
		if (e.Queue == "" || e.Queue == m.queue) && m.of(e.Interface) {
			was := m.device
			m.learn(e)
			free = free || e.Type == AgentState && m.free()
			fell = fell || e.Type == AgentState && m.device == Idle && was == InUse
		}
	}
	l.endCalls(a, func(c liveCall) bool {
		return free && c.unsure || fell && c.talk && e.At > c.since+shortestTalk // of which the end was not told
	})
	l.settled(a, e.At)
}

// of reports whether what is said of that phone is said of this membership.
// Some events, and formats, name none.
func (m *liveMember) of(phone string) bool { return phone == "" || m.phone == "" || m.phone == phone }

// learn takes what an event says of this membership.
func (m *liveMember) learn(e Event) {
	m.told = e.At
	if e.Device != "" {
		m.device = e.Device
	}
	switch {
	case e.Type == Paused, e.Paused != nil && *e.Paused:
		if !m.paused {
			m.paused, m.since = true, e.At
		}
		if e.Type == Paused {
			m.reason = strings.Clone(e.Reason)
		}
	case e.Type == Unpaused, e.Paused != nil:
		m.paused, m.reason, m.since = false, "", 0
	}
}

// free reports whether the phone is surely not in a call, nor rings.
func (m *liveMember) free() bool { return m.device == Idle || m.device == Unreachable }

// enrol makes the agent a member of the event's queue, unless that is known or
// over. Of no queue at all is only who logs in.
func (l *Live) enrol(a *liveAgent, e Event) {
	if e.Queue == "" && e.Type != LoggedIn {
		return
	}
	i := slices.IndexFunc(a.members, func(m liveMember) bool { return m.queue == e.Queue && m.of(e.Interface) })
	if i >= 0 {
		if a.members[i].phone == "" {
			a.members[i].phone = strings.Clone(e.Interface)
		}
		return
	}
	if l.over(liveEnd{queue: e.Queue, agent: a.name, phone: e.Interface}, e.At) {
		return
	}
	if len(a.members) >= liveOwnQueues {
		a.members = slices.Delete(a.members, 0, 1)
		l.members--
	}
	a.members = append(a.members, liveMember{queue: strings.Clone(e.Queue), phone: strings.Clone(e.Interface)})
	for l.members++; l.members > liveMemberships && l.agents.len() > 1; {
		l.agents.forgetOldest() // never this one, which is the newest
	}
}

// logOut ends the membership of the event's queue, or the login.
func (l *Live) logOut(e Event) {
	a, known := l.agents.get(e.Agent)
	if !known {
		return
	}
	a.heard = max(a.heard, e.At)
	l.ended.put(liveEnd{queue: strings.Clone(e.Queue), agent: a.name, phone: strings.Clone(e.Interface)}, e.At)
	l.leaveQueues(a, func(m liveMember) bool { return m.queue == e.Queue && m.of(e.Interface) })
	l.settled(a, e.At)
}

// leaveQueues ends the memberships that are over.
func (l *Live) leaveQueues(a *liveAgent, over func(liveMember) bool) {
	before := len(a.members)
	a.members = slices.DeleteFunc(a.members, over)
	l.members -= before - len(a.members)
}

// settled works out the standing of an agent of whom something became known. One
// of whom nothing is left is not known any more.
func (l *Live) settled(a *liveAgent, at record.Instant) {
	if len(a.members) == 0 && len(a.calls) == 0 {
		l.agents.drop(a.name)
		l.forget(a)
		return
	}
	a.settle(at)
}

// forget takes off what an agent who was dropped leaves behind.
func (l *Live) forget(a *liveAgent) {
	l.hangUp(a)
	l.members -= len(a.members)
	a.members = nil
}

// settle works out the standing as of that time.
func (a *liveAgent) settle(at record.Instant) {
	if now := a.stands(); now != a.standing {
		a.standing, a.since = now, at
	}
}

func (a *liveAgent) stands() Standing {
	with := func(talk bool) bool {
		return slices.ContainsFunc(a.calls, func(c liveCall) bool { return c.talk == talk })
	}
	phone := func(d Device) bool {
		return slices.ContainsFunc(a.members, func(m liveMember) bool { return m.device == d })
	}
	every := func(is func(liveMember) bool) bool {
		return len(a.members) > 0 && !slices.ContainsFunc(a.members, func(m liveMember) bool { return !is(m) })
	}
	switch {
	case with(true):
		return Talking
	case with(false), phone(Ringing):
		return BeingRung
	case phone(InUse):
		return OnOtherCall
	case every(func(m liveMember) bool { return m.device == Unreachable }):
		return Away
	case slices.ContainsFunc(a.members, func(m liveMember) bool { return m.paused }):
		return OnPause
	}
	return Available
}
