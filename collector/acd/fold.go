package acd

import (
	"cmp"
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// FoldVersion changes whenever the same events would be counted otherwise, or
// a carry is written otherwise. What an older fold counted is counted anew.
const FoldVersion = 1

// What a fold remembers without hearing of it again.
const (
	silence    = record.Day // ends all knowledge, and that of an agent, a wait or a talk
	manyLegs   = 1 << 16
	manyAgents = 1 << 12
)

// A Fold counts events. It knows of the calls that wait and of what each agent
// does, and as little more as it can: all that it knows stands in its carry.
// It is for one goroutine.
type Fold struct {
	// provisional: what the format calls abandoned may have ended otherwise.
	provisional bool
	// callings: the format tells when an agent's phone begins to ring.
	callings bool
	// timeless: the format tells what agents did, and not when: their time is
	// counted nowhere.
	timeless bool
	// slack is how far before its cause an event may stand.
	slack record.Instant

	now       record.Instant // counted up to here; 0 where nothing is known
	heard     record.Instant // the time of the newest event
	restarted record.Instant // when the upstream did, in this interval
	boot      incarnation
	tells     bool // outcomes are told, so that no bill need be asked
	legs      map[string]*leg
	lasting   map[string]*leg // of legs, at least those that wait or talk
	dropped   record.Instant  // when calls were ended last, and none of before began since
	agents    map[string]*agent
	held      []Event // that wait for what they follow from
	crowd     crowd

	queueRows map[place]*QueueCounts
	agentRows map[place]*AgentCounts
}

// A place is where something is counted.
type place struct {
	start record.Instant
	name  string
}

// NewFold returns a fold for a feed's events that knows nothing.
func NewFold(format string) *Fold {
	f := &Fold{
		provisional: format == "ami",
		callings:    format == "ami",
		timeless:    format == "ech",
		legs:        map[string]*leg{},
		lasting:     map[string]*leg{},
		agents:      map[string]*agent{},
	}
	if format == "ami" {
		f.slack = managerSlack
	}
	f.clear()
	return f
}

// Add counts an event. Events come in the order of their keys, that is of
// their time; where some stand before what they follow from, see the package.
func (f *Fold) Add(e Event) {
	if e.Type == "" {
		return
	}
	f.pass(e.At)
	f.heard = max(f.heard, e.At)
	if f.timeless {
		e.Agent, e.Interface = "", ""
	}
	f.admit(&e)
	if f.follows(&e) {
		f.apply(&e)
		f.resume()
	} else {
		f.hold(e)
	}
	if f.crowd.events%weighEvery == 0 {
		f.lighten(e.At)
	}
}

// Advance lets time pass, without an event. Lengths are counted up to there, or
// to as little before as an event may still belong. To keep what is counted
// small, advance to each interval's border and Take.
func (f *Fold) Advance(to record.Instant) {
	f.pass(to)
	for _, a := range f.agents {
		f.account(a, f.now-f.slack)
	}
}

func (f *Fold) pass(to record.Instant) {
	if to <= f.now {
		return
	}
	for f.known() {
		border := Interval(f.now) + IntervalWidth
		if border > to {
			break
		}
		f.release(border)
		f.border(border)
	}
	f.release(to)
	f.now = to
}

// known says whether anything is that could make a difference to what follows.
func (f *Fold) known() bool {
	return len(f.legs) > 0 || len(f.agents) > 0 || len(f.held) > 0 ||
		f.tells || f.boot != incarnation{} || f.restarted != 0
}

// border ends an interval, and what was not heard of for too long.
func (f *Fold) border(at record.Instant) {
	f.now = at
	f.restarted = 0
	silent := at-f.heard >= silence
	for name, a := range f.agents {
		f.account(a, at)
		if silent || at-a.heard >= silence {
			delete(f.agents, name)
			continue
		}
		a.sweep(at)
	}
	for id, l := range f.legs {
		if silent || l.over(at, f.tells) {
			f.forget(id, l, at-1)
		}
	}
	if silent {
		f.boot, f.tells, f.held, f.heard = incarnation{}, false, nil, 0
	}
	f.lighten(at - 1)
}

// apply counts an event whose time has come.
func (f *Fold) apply(e *Event) {
	switch e.Type {
	case Offered:
		f.offered(e)
	case Refused:
		f.queue(e.At, e.Queue).Refused++
	case Called:
		f.called(e)
	case RingNoAnswer, RingCanceled:
		f.rang(e)
	case Answered:
		f.answered(e)
	case Completed:
		f.completed(e)
	case Abandoned, TimedOut, LeftByKey, LeftEmpty, Left:
		f.left(e)
	case Outcome:
		f.outcome(e)
	case CallLeg:
		f.billed(e)
	case LoggedIn, LoggedOut, Paused, Unpaused, AgentState:
		f.acted(e)
	case Restarted:
		f.restart(e.At)
	case Other:
	}
}

// Take returns what was counted since it was asked before.
func (f *Fold) Take() Counted {
	var c Counted
	for at, n := range f.queueRows {
		if *n != (QueueCounts{}) {
			c.Queues = append(c.Queues, QueueRow{at.start, at.name, *n})
		}
	}
	for at, n := range f.agentRows {
		if !n.zero() {
			c.Agents = append(c.Agents, AgentRow{at.start, at.name, *n})
		}
	}
	slices.SortFunc(c.Queues, func(a, b QueueRow) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Queue, b.Queue))
	})
	slices.SortFunc(c.Agents, func(a, b AgentRow) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Agent, b.Agent))
	})
	f.clear()
	return c
}

func (f *Fold) clear() {
	f.queueRows = map[place]*QueueCounts{}
	f.agentRows = map[place]*AgentCounts{}
}

// queue returns the counts that something at that time belongs to.
func (f *Fold) queue(at record.Instant, name string) *QueueCounts {
	where := place{Interval(at), name}
	c := f.queueRows[where]
	if c == nil {
		c = new(QueueCounts)
		f.queueRows[where] = c
	}
	return c
}

// agent returns the counts that something at that time belongs to.
func (f *Fold) agent(at record.Instant, name string) *AgentCounts {
	where := place{Interval(at), name}
	c := f.agentRows[where]
	if c == nil {
		c = new(AgentCounts)
		f.agentRows[where] = c
	}
	return c
}
