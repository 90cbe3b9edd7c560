package acd

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// call notes that the agent's phone rings for a caller.
func (l *Live) call(e Event) {
	a, id := l.agent(e), legOf(e)
	if a == nil {
		return
	}
	l.enrol(a, e)
	left, stopped := l.over(liveEnd{leg: id, queue: e.Queue}, e.At), l.over(liveEnd{leg: id, agent: a.name}, e.At)
	if id != "" && !left && !stopped && !a.has(id) {
		l.connect(a, liveCall{leg: strings.Clone(id), queue: strings.Clone(e.Queue), since: e.At})
	}
	l.settled(a, e.At)
}

// answer notes that the agent talks to a caller; whatever talk was before is
// over, even if its end was not told.
func (l *Live) answer(e Event) {
	a := l.agent(e)
	if a == nil {
		return
	}
	l.enrol(a, e)
	if !l.over(liveEnd{leg: legOf(e), agent: a.name}, e.At) {
		l.endCalls(a, func(c liveCall) bool { return c.talk || c.leg == legOf(e) })
		l.connect(a, liveCall{leg: strings.Clone(legOf(e)), queue: strings.Clone(e.Queue), since: e.At, talk: true})
	}
	l.settled(a, e.At)
}

// endCall ends the ringing, or the talk. Where the event names no call, as when
// an agent of Asterisk's hung up first and the caller's channel is gone, it is
// whatever the agent has; and a talk that only a snapshot told of is whichever.
func (l *Live) endCall(e Event) {
	a, known := l.agents.get(e.Agent)
	if !known {
		return
	}
	a.heard = max(a.heard, e.At)
	id := legOf(e)
	if id != "" {
		l.ended.put(liveEnd{leg: strings.Clone(id), agent: a.name}, e.At)
	}
	l.endCalls(a, func(c liveCall) bool {
		return c.talk == (e.Type == Completed) && (c.leg == id || c.leg == "" || id == "")
	})
	l.settled(a, e.At)
}

// silence ends the ringing for a caller at every agent's.
func (l *Live) silence(id string, at record.Instant) {
	for _, a := range l.rung[id] {
		l.endCalls(a, func(c liveCall) bool { return c.leg == id && !c.talk })
		l.settled(a, at)
	}
}

func (a *liveAgent) has(id string) bool {
	return slices.ContainsFunc(a.calls, func(c liveCall) bool { return c.leg == id })
}

func (l *Live) connect(a *liveAgent, c liveCall) {
	if len(a.calls) >= liveOwnCalls {
		oldest := a.calls[0]
		l.endCalls(a, func(c liveCall) bool { return c == oldest })
	}
	a.calls = append(a.calls, c)
	l.calls++
	if c.talk {
		return
	}
	if l.rung[c.leg] == nil {
		l.rung[c.leg] = map[string]*liveAgent{}
	}
	l.rung[c.leg][a.name] = a
}

// endCalls ends the calls of an agent that are over.
func (l *Live) endCalls(a *liveAgent, over func(liveCall) bool) {
	a.calls = slices.DeleteFunc(a.calls, func(c liveCall) bool {
		if !over(c) {
			return false
		}
		l.calls--
		if !c.talk {
			delete(l.rung[c.leg], a.name)
			if len(l.rung[c.leg]) == 0 {
				delete(l.rung, c.leg)
			}
		}
		return true
	})
}

// hangUp ends all calls of an agent.
func (l *Live) hangUp(a *liveAgent) {
	l.endCalls(a, func(liveCall) bool { return true })
}
