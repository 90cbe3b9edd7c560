package acd

import (
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// What an upstream can make who counts remember, and write down, at the most.
const (
	manyNames   = 1 << 12 // of queues, and of agents, in the events of an interval
	manyReasons = 1 << 8  // of pauses, likewise
	mostKnown   = 16 << 20
	weighEvery  = 1 << 12 // events
	// beyond is what is called what is beyond them: it is counted together.
	beyond = "(more)"
)

// crowd is what the events of one interval have brought so far. As the carry
// stands at borders, it is the same wherever counting began.
type crowd struct {
	start                   record.Instant // of the interval
	queues, agents, reasons map[string]struct{}
	events                  int
}

// admit gives an event of another name that is one too many for its interval
// the name that is for all of those.
func (f *Fold) admit(e *Event) {
	c := &f.crowd
	if start := Interval(e.At); c.queues == nil || c.start != start {
		*c = crowd{start: start, queues: map[string]struct{}{}, agents: map[string]struct{}{}, reasons: map[string]struct{}{}}
	}
	c.events++
	switch e.Type {
	case CallLeg, Other: // count nothing by their names
		return
	case LoggedIn, Paused, AgentState:
		e.Reason = admitted(c.reasons, e.Reason, manyReasons)
	default:
	}
	e.Queue = admitted(c.queues, e.Queue, manyNames)
	e.Agent = admitted(c.agents, e.Agent, manyNames)
}

func admitted(names map[string]struct{}, name string, most int) string {
	if _, known := names[name]; known || name == "" {
		return name
	}
	if len(names) >= most {
		return beyond
	}
	names[strings.Clone(name)] = struct{}{}
	return name
}

// lighten forgets, of calls or of agents, those of whom nothing was heard for
// longest, until no more is known than may be.
func (f *Fold) lighten(at record.Instant) {
	for {
		calls, agents := f.weight()
		if calls+agents <= mostKnown {
			return
		}
		if calls >= agents {
			for _, id := range eldest(f.legs, func(l *leg) record.Instant { return l.changed }) {
				f.forget(id, f.legs[id], at)
			}
			continue
		}
		for _, name := range eldest(f.agents, func(a *agent) record.Instant { return a.heard }) {
			f.account(f.agents[name], at)
			delete(f.agents, name)
		}
	}
}

// weight returns about how many bytes of a carry the calls and the agents take.
// None of them takes a hundredth of what all may.
func (f *Fold) weight() (calls, agents int) {
	for id, l := range f.legs {
		calls += len(id) + l.wait.weight() + l.former.weight() + weightOf(l.rings)
	}
	for name, a := range f.agents {
		const each = 32 // of its times and states
		agents += each + len(name) + len(a.why) + len(a.before.why) + len(a.talk) + weightOf(a.rings)
		for i := range a.queues {
			m := &a.queues[i]
			agents += each + len(m.queue) + len(m.phone) + len(m.why)
		}
		for i := range a.phones {
			agents += each + len(a.phones[i].name)
		}
	}
	return calls, agents
}

func (w *wait) weight() int {
	const each = 32
	return each + len(w.queue) + len(w.agent) + weightOf(w.ceased)
}

func weightOf(texts []string) (n int) {
	for _, s := range texts {
		n += 2 + len(s)
	}
	return n
}
