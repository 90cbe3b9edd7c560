package acd

import (
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// A stand is how an upstream says that its queues stand.
type stand struct {
	at      record.Instant
	partial bool // there was more
	queues  []string
	members []standMember
	waits   []standWait
}

type standMember struct {
	agent  string
	member liveMember
	inCall *bool // with a caller of the queue; nil: not told
}

type standWait struct {
	leg string
	liveWait
}

// Correct puts right what events could not tell: those that were missed, and
// those of before the first. The answers are what the upstream said, at that
// time by its own clock, when it was asked how its queues stand (QueueStatus of
// "ami"); whatever is not in them is over, unless there was more than was kept
// (cut). What is known better from events stays, as since when somebody waits.
func (l *Live) Correct(at record.Instant, answers [][]byte, cut bool) {
	l.correct(readStand(at, answers, cut))
}

func (l *Live) correct(s stand) {
	l.through = max(l.through, s.at)
	l.sweep(s.at)
	l.correctWaits(s)
	named := map[string][]standMember{}
	for _, m := range s.members {
		named[m.agent] = append(named[m.agent], m)
	}
	for name, a := range l.agents.all() {
		if len(named[name]) == 0 && !s.partial {
			l.endCalls(a, func(liveCall) bool { return true })
			l.leaveQueues(a, func(m liveMember) bool { return m.queue != "" })
			l.settled(a, s.at)
		}
	}
	for _, m := range s.members { // in their order
		if all := named[m.agent]; all != nil {
			l.correctAgent(all, s)
			delete(named, m.agent)
		}
	}
}

func (l *Live) correctWaits(s stand) {
	told := map[string]liveWait{}
	for _, w := range s.waits {
		told[w.leg] = w.liveWait
	}
	for id, w := range l.waits.all() {
		is, waits := told[id]
		switch {
		case waits && is.queue == w.queue:
			delete(told, id)
		case waits || !s.partial:
			l.waits.drop(id)
		}
	}
	for id := range l.rung {
		if _, waits := l.waits.get(id); !waits && !s.partial {
			l.silence(id, s.at)
		}
	}
	for _, w := range s.waits {
		if _, new := told[w.leg]; new {
			l.waits.put(w.leg, w.liveWait)
		}
	}
	there := map[string]bool{}
	for _, name := range s.queues {
		there[name] = true
	}
	for name := range l.queues.all() {
		if !s.partial && !there[name] {
			l.queues.drop(name)
		}
	}
	for _, name := range s.queues {
		l.see(name)
	}
}

// correctAgent takes all memberships that were told of one agent.
func (l *Live) correctAgent(told []standMember, s stand) {
	a := l.agent(Event{At: s.at, Agent: told[0].agent})
	fresh := a.standing == ""
	if !s.partial {
		l.leaveQueues(a, func(m liveMember) bool { return m.queue != "" })
	}
	for _, t := range told {
		l.enrol(a, Event{At: s.at, Type: LoggedIn, Queue: t.member.queue, Interface: t.member.phone})
		for i := range a.members {
			if a.members[i].queue == t.member.queue && a.members[i].phone == t.member.phone {
				a.members[i] = t.member
			}
		}
	}
	l.correctCalls(a, told)
	before := a.standing
	l.settled(a, s.at)
	switch {
	case a.standing == OnPause && (fresh || before != OnPause):
		a.since = 0
		for _, t := range told {
			a.since = max(a.since, t.member.since)
		}
	case fresh || before != a.standing:
		a.since = 0 // some time before: nobody told
	}
}

// correctCalls ends what is over, and notes a talk of which nothing was heard.
func (l *Live) correctCalls(a *liveAgent, told []standMember) {
	said, talks, busy, queue := false, false, false, ""
	for _, t := range told {
		busy = busy || !t.member.free()
		if t.inCall != nil {
			said = true
			if *t.inCall {
				talks, queue = true, t.member.queue
			}
		}
	}
	l.endCalls(a, func(c liveCall) bool {
		if c.talk && said {
			return !talks
		}
		return !busy
	})
	for i := range a.calls {
		a.calls[i].unsure = true
		if a.calls[i].talk && talks {
			a.calls[i].leg, a.calls[i].queue = "", queue
		}
	}
	if talks && !slices.ContainsFunc(a.calls, func(c liveCall) bool { return c.talk }) {
		l.connect(a, liveCall{queue: queue, talk: true, unsure: true})
	}
}
