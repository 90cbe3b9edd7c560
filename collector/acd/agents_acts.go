package acd

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// evident returns the agent of an event that only members of the queue have.
// Who was removed since that began is none.
func (f *Fold) evident(e *Event, began record.Instant) *agent {
	a := f.meet(e.Agent, e.At, false)
	m := a.place(e.Queue)
	if m.as == removed && (m.until == 0 || began > m.until+lateEcho) {
		m.as = implied
	}
	return a
}

// changes says whether what an agent did makes a difference. Where it does
// not, its opposite may be told with the same time.
func (f *Fold) changes(e *Event) bool {
	var m *member
	if a := f.agents[e.Agent]; a != nil {
		m = a.member(e.Queue)
	}
	switch e.Type {
	case LoggedIn:
		return m == nil || m.as == removed
	case LoggedOut:
		return m != nil && m.as != removed
	case Paused:
		return m == nil || !m.paused
	default: // Unpaused
		return m != nil && m.paused
	}
}

// acted counts what an agent did, or its phone.
func (f *Fold) acted(e *Event) {
	if e.Agent == "" {
		return
	}
	switch e.Type {
	case LoggedIn:
		f.joins(e)
	case LoggedOut:
		f.leaves(e)
	case AgentState:
		f.stands(e)
	default:
		f.pauses(e)
	}
}

func (f *Fold) joins(e *Event) {
	a := f.meet(e.Agent, e.At, true)
	m := a.place(e.Queue)
	m.as, m.phone = added, e.Interface
	if e.Static {
		m.as = configured
	}
	if e.Paused != nil {
		m.pause(*e.Paused, e.Reason, e.At)
	}
	if e.Device != "" {
		a.see(e, f.slack)
	}
	f.turn(a, e.At)
}

// leaves ends an agent's time in a queue, or its login. A login's end is that
// of all that was only implied.
func (f *Fold) leaves(e *Event) {
	a := f.meet(e.Agent, e.At, false)
	if !a.met {
		f.agent(e.At, a.name).LastLogout = e.At
	}
	a.place(e.Queue).remove(e.At)
	if m := a.member(""); m != nil && m.as == implied {
		m.remove(e.At)
	}
	for i := range a.queues {
		if m := &a.queues[i]; e.Queue == "" && m.as == implied {
			m.remove(e.At)
		}
	}
	a.phones = slices.DeleteFunc(a.phones, func(p phone) bool { return !a.uses(p.name) })
	f.turn(a, e.At)
	if a.doing == absent { // and its calls end elsewhere, if at all
		a.rings, a.talking, a.talk = nil, false, ""
		if m := a.member(""); m != nil {
			m.paused = false
		}
	}
}

// stands takes in the state of an agent's phone, and whether the agent is
// paused where that was not told already.
func (f *Fold) stands(e *Event) {
	a := f.meet(e.Agent, e.At, false)
	m := a.place(e.Queue)
	if m.as == removed && m.until != 0 && e.At <= m.until+lateEcho {
		return
	}
	m.phone, m.as = e.Interface, added
	if e.Static {
		m.as = configured
	}
	if e.Paused != nil && *e.Paused != m.paused && e.At > m.turned+lateEcho {
		m.pause(*e.Paused, e.Reason, e.At)
	}
	if e.Device == Idle && a.phoneIs(e.Interface, InUse) && e.At > a.answered+shortestTalk {
		a.talking = false // the end of the talk was not heard
	}
	a.see(e, f.slack)
	f.turn(a, e.At)
}

// shortestTalk is for how long after an answer a phone that is idle again says
// nothing: a Local channel is when it was optimized away, and the talk goes on.
const shortestTalk = 2 * record.Second

// pauses begins or ends a pause. One in all queues ends in all.
func (f *Fold) pauses(e *Event) {
	a := f.evident(e, e.At)
	on := e.Type == Paused
	a.place(e.Queue).pause(on, e.Reason, e.At)
	if all := a.member(""); !on && all != nil {
		all.pause(false, "", e.At)
	}
	for i := range a.queues {
		if !on && e.Queue == "" {
			a.queues[i].pause(false, "", e.At)
		}
	}
	f.turn(a, e.At)
}

func (m *member) pause(on bool, why string, at record.Instant) {
	if !on {
		why = ""
	}
	m.paused, m.why, m.turned = on, why, at
}

func (m *member) remove(at record.Instant) {
	*m = member{queue: m.queue, until: at}
}

// see takes in the state of a phone. One that was told to be idle a moment ago
// stays so: of a short ring the two may be told the wrong way round, and to be
// idle for too long harms less than to be in use for too long.
func (a *agent) see(e *Event, slack record.Instant) {
	if e.Interface == "" {
		return
	}
	i, ok := slices.BinarySearchFunc(a.phones, e.Interface, func(p phone, n string) int { return strings.Compare(p.name, n) })
	if !ok {
		if len(a.phones) >= manyPhones {
			return
		}
		a.phones = slices.Insert(a.phones, i, phone{name: e.Interface})
	}
	p := &a.phones[i]
	switch {
	case e.Device == Idle:
		p.idle = e.At
	case p.idle != 0 && e.At-p.idle <= slack:
		return
	}
	p.state = e.Device
}

func (a *agent) uses(phone string) bool {
	return slices.ContainsFunc(a.queues, func(m member) bool { return m.phone == phone })
}
