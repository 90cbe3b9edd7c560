package acd

import (
	"strings"

	"github.com/twinctl/twin/collector/record"
)

// What an upstream can make a Live remember at the most. Beyond that it
// forgets what it heard of longest ago.
const (
	liveQueues      = 2_000
	liveAgents      = 5_000
	liveMemberships = 20_000 // of all agents
	liveOwnQueues   = 200    // memberships of one agent
	liveOwnCalls    = 8      // calls of one agent
	liveWaits       = 20_000
	liveEnds        = 512
	liveOvertake    = record.Second // that events may be out of order; more is a clock that was set
	liveSilence     = record.Day    // after which nothing is known any more
	liveSweep       = record.Hour   // from sweep to sweep
)

// A Live knows what stands at present at the upstream of one feed, from its
// events in the order in which they arrived. Events that overtook each other by
// some milliseconds do it no harm, nor do those that are told twice. It makes
// no counts, and is not the same on both twins. It keeps copies of texts, because
// those of an event may be one piece of memory. One goroutine uses it.
type Live struct {
	through record.Instant
	swept   record.Instant
	queues  *shelf[string, bool]
	waits   *shelf[string, liveWait]         // by leg
	agents  *shelf[string, *liveAgent]       // by name
	rung    map[string]map[string]*liveAgent // by leg, and name: who is called for it
	ended   *shelf[liveEnd, record.Instant]  // just now
	members int                              // memberships of all agents
	calls   int                              // of all agents
}

// A liveWait is a caller who waits.
type liveWait struct {
	queue string
	since record.Instant
}

// A liveEnd names what has ended, so that what began it is not taken for a new
// one if it is told only then: a wait by leg and queue, a call by leg and agent,
// or a membership by queue, agent and phone.
type liveEnd struct{ leg, queue, agent, phone string }

// NewLive returns one that knows nothing yet.
func NewLive() *Live {
	l := &Live{
		queues: newShelf[string, bool](liveQueues, nil),
		waits:  newShelf[string, liveWait](liveWaits, nil),
		rung:   map[string]map[string]*liveAgent{},
		ended:  newShelf[liveEnd, record.Instant](liveEnds, nil),
	}
	l.agents = newShelf(liveAgents, func(_ string, a *liveAgent) { l.forget(a) })
	return l
}

// Add learns what an event says. Events of different feeds do not belong into
// one Live.
func (l *Live) Add(e Event) {
	l.through = max(l.through, e.At)
	l.sweep(e.At)
	switch e.Type {
	case Offered:
		l.join(e)
	case Abandoned, TimedOut, LeftByKey, LeftEmpty, Left:
		l.leave(e)
	case Answered:
		l.leave(e)
		l.answer(e)
	case Called:
		l.call(e)
	case RingNoAnswer, RingCanceled, Completed:
		l.endCall(e)
	case LoggedIn, AgentState, Paused, Unpaused:
		l.member(e)
	case LoggedOut:
		l.logOut(e)
	case Restarted:
		l.restart(e.At)
	case Refused, Outcome, CallLeg, Other: // nothing stands differently
	}
}

// legOf returns what a call is known by.
func legOf(e Event) string {
	if e.Leg != "" {
		return e.Leg
	}
	return e.Call
}

func (l *Live) join(e Event) {
	id := legOf(e)
	l.see(e.Queue)
	if id == "" || l.over(liveEnd{leg: id, queue: e.Queue}, e.At) {
		return
	}
	l.waits.put(strings.Clone(id), liveWait{strings.Clone(e.Queue), e.At})
}

// leave ends the wait in the queue that the event names, if it names one. What
// happened before the caller joined was of an earlier wait.
func (l *Live) leave(e Event) {
	id := legOf(e)
	l.see(e.Queue)
	if id == "" {
		return
	}
	l.ended.put(liveEnd{leg: strings.Clone(id), queue: strings.Clone(e.Queue)}, e.At)
	if w, waits := l.waits.get(id); waits && (e.Queue != "" && e.Queue != w.queue || overtaken(e.At, w.since)) {
		return
	}
	l.waits.drop(id)
	l.silence(id, e.At)
}

// overtaken reports whether what happened at that time was told only after what
// happened at the other.
func overtaken(at, by record.Instant) bool { return at < by && by-at < liveOvertake }

// over reports whether what began at that time has ended since. At the very same
// time it has not: some formats know seconds only, and tell in order.
func (l *Live) over(end liveEnd, began record.Instant) bool {
	at, ended := l.ended.get(end)
	return ended && overtaken(began, at)
}

// see notes that there is such a queue.
func (l *Live) see(queue string) {
	if queue == "" {
		return
	}
	if _, known := l.queues.get(queue); known {
		l.queues.touch(queue)
		return
	}
	l.queues.put(strings.Clone(queue), true)
}

// restart ends all waits and calls. Who is a member of what outlasts it.
func (l *Live) restart(at record.Instant) {
	for id := range l.waits.all() {
		l.waits.drop(id)
	}
	for _, a := range l.agents.all() {
		if l.calls == 0 {
			return
		}
		if len(a.calls) > 0 {
			l.hangUp(a)
			l.settled(a, at)
		}
	}
}

// sweep forgets, once an hour, what nothing was heard of for a day: its end
// will not come any more.
func (l *Live) sweep(now record.Instant) {
	if now-l.swept < liveSweep {
		return
	}
	l.swept = now
	for id, w := range l.waits.all() {
		if now-w.since >= liveSilence {
			l.waits.drop(id)
		}
	}
	for name, a := range l.agents.all() {
		if now-a.heard >= liveSilence {
			l.agents.drop(name)
			l.forget(a)
		}
	}
}

// TellsNow reports whether records of a format say how things stand: a bill is
// written when a call is over.
func TellsNow(format string) bool { return format == "ami" || format == "queue_log" }
