package acd

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// A doing is what an agent's time is counted as. Of several at once it is the
// last one in this list.
type doing uint8

const (
	absent doing = iota
	available
	inPause
	otherCall
	inRing
	inTalk
)

// A belonging is why an agent belongs to a queue.
type belonging uint8

const (
	removed belonging = iota
	implied           // something happened there that happens to members alone
	added
	configured
)

// A member is an agent in a queue; in the queue "" it is the agent's login, or
// what goes for all queues.
type member struct {
	queue, phone string
	as           belonging
	until        record.Instant // when it was removed
	paused       bool
	why          string
	turned       record.Instant // when it was paused or resumed
}

// A phone is an agent's, in the state it was last told in.
type phone struct {
	name  string
	state Device
	idle  record.Instant // when it was last told to be
}

const (
	manyQueues = 1 << 8 // of an agent
	manyPhones = 1 << 4
	manyRings  = 1 << 6
)

// A segment is a stretch of an agent's time in which it does one thing.
type segment struct {
	doing            doing
	why              string // of a pause
	since            record.Instant
	rungFrom, rungTo record.Instant // the last part of it that turned out to be ringing
}

// An agent is what is known of one.
type agent struct {
	name    string
	heard   record.Instant // when something was told of it
	counted record.Instant // its time is, up to here
	segment
	before   segment  // what it did until then
	queues   []member // in order
	phones   []phone  // in order
	rings    []string // legs it is called for
	talk     string   // the leg that it talks to, or talked to last
	talking  bool
	answered record.Instant // when that talk began
	met      bool           // what it did before is known
}

// meet returns an agent, whose time is counted up to at. One of whom nothing
// was known until then was there before, except who begins just now.
func (f *Fold) meet(name string, at record.Instant, begins bool) *agent {
	a := f.agents[name]
	if a == nil {
		if len(f.agents) >= manyAgents {
			for _, n := range eldest(f.agents, func(a *agent) record.Instant { return a.heard }) {
				f.account(f.agents[n], at)
				delete(f.agents, n)
			}
		}
		from := max(at, Interval(f.now), f.restarted)
		a = &agent{name: name, counted: from, segment: segment{since: from}, met: begins}
		f.agents[name] = a
		if begin := max(Interval(at), f.restarted); !begins && begin < at {
			f.agent(at, name).Unknown += at - begin
		}
	}
	a.heard = max(a.heard, at)
	f.account(a, at)
	return a
}

// member returns the agent's place in a queue, nil where there is none.
func (a *agent) member(queue string) *member {
	i, ok := a.find(queue)
	if !ok {
		return nil
	}
	return &a.queues[i]
}

func (a *agent) find(queue string) (int, bool) {
	return slices.BinarySearchFunc(a.queues, queue, func(m member, q string) int { return strings.Compare(m.queue, q) })
}

// place returns the agent's place in a queue, and makes one.
func (a *agent) place(queue string) *member {
	i, ok := a.find(queue)
	if !ok {
		if len(a.queues) >= manyQueues {
			a.queues = slices.Delete(a.queues, 0, 1)
			i = max(0, i-1)
		}
		a.queues = slices.Insert(a.queues, i, member{queue: queue})
	}
	return &a.queues[i]
}

// sweep forgets what makes no difference any more: queues that the agent was
// removed from, and the times of what is longer ago than is asked back to.
func (a *agent) sweep(at record.Instant) {
	a.before = segment{}
	a.since = max(a.since, at-longestRing)
	if a.rungTo < a.since {
		a.rungFrom, a.rungTo = 0, 0
	}
	for i := range a.phones {
		if p := &a.phones[i]; p.idle+lateEcho < at {
			p.idle = 0
		}
	}
	for i := range a.queues {
		if m := &a.queues[i]; !m.paused && m.turned+lateEcho < at {
			m.turned = 0
		}
	}
	a.queues = slices.DeleteFunc(a.queues, func(m member) bool {
		return m.as == removed && !m.paused && m.until+lateEcho < at
	})
}
