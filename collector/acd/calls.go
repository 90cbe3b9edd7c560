package acd

import "github.com/twinctl/twin/collector/record"

// A verdict is how a wait ended.
type verdict uint8

const (
	waiting verdict = iota
	byKey           // for all that is known until now
	lost
	abandoned
	timedOut
	leftEmpty
	talking
	done
)

// How long an ended wait is remembered, at the least: it goes at a border.
const (
	lateEcho   = record.Second // what is told of the same end in other words
	lateAnswer = record.Minute // an agent may be asked to accept, between the leaving and the answer
	lateBill   = record.Hour   // the caller may do more after the queue
	ringsOfLeg = 1 << 8
)

// A wait is a leg's time in a queue, and the talk that came of it.
type wait struct {
	queue  string
	joined record.Instant // 0: before anything was known
	ended  record.Instant // 0 while it lasts
	how    verdict
	length Span   // as it was counted
	told   bool   // how it ended is certain
	out    bool   // Left was told
	agent  string // who answered
	// ceased are agents whose phone rang when the wait ended.
	ceased   []string
	ceasedAt record.Instant
}

// undecided says whether an ending may still be told.
func (w *wait) undecided() bool {
	return w.how == waiting || (w.how == byKey || w.how == lost) && !w.told
}

// A leg is a caller's channel in the queues.
type leg struct {
	wait
	former  wait           // the one before, of which something may still be told
	changed record.Instant // when something was told of the leg
	hint    verdict        // an outcome that was told before the end
	hinted  record.Instant
	rings   []string // agents whose phone rings
}

// over says whether nothing that comes at or after that time is of the leg.
func (l *leg) over(at record.Instant, tells bool) bool {
	age := at - l.ended
	switch l.how {
	case waiting, talking:
		return at-l.changed >= silence
	case byKey, lost:
		if !l.told {
			return age > lateAnswer
		}
	case abandoned:
		if !l.told && !tells {
			return age > lateBill
		}
	case timedOut, leftEmpty, done:
	}
	return age > lateEcho
}

// open returns the leg of an event, and makes it where it is not known. That
// of an event without one is forgotten at once.
func (f *Fold) open(e *Event) *leg {
	l := f.legs[e.Leg]
	if l == nil {
		l = &leg{wait: wait{queue: e.Queue}}
		if e.Leg != "" {
			f.makeRoom(e.At)
			f.legs[e.Leg] = l
		}
	}
	l.changed = max(l.changed, e.At)
	if e.Leg != "" {
		f.lasting[e.Leg] = l
	}
	if e.At < f.dropped {
		f.dropped = 0
	}
	return l
}

// renew begins another wait of a leg. One that still lasts ended untold, for
// nobody waits in two queues; and who joins another one has not hung up.
func (f *Fold) renew(l *leg, id string, next wait) {
	at := l.changed
	switch {
	case l.how == waiting:
		f.hush(l, id, at)
		if l.joined != 0 {
			f.finish(l, lost, at, Span{})
		}
	case l.how == abandoned && !l.told:
		f.judge(&l.wait, timedOut)
	}
	if l.ended != 0 {
		l.former = l.wait
	}
	l.wait = next
	l.hint = waiting
}

// offered begins a wait.
func (f *Fold) offered(e *Event) {
	f.boots(e)
	l := f.open(e)
	f.renew(l, e.Leg, wait{queue: e.Queue, joined: e.At})
	f.queue(e.At, e.Queue).Offered++
}

// left ends a wait in another way than by an answer.
func (f *Fold) left(e *Event) {
	l := f.open(e)
	if w := l.echoed(e, f.slack); w != nil {
		f.echo(w, e)
		return
	}
	if l.queue != e.Queue || !l.undecided() {
		f.renew(l, e.Leg, wait{queue: e.Queue}) // its joining was not heard
	}
	how, told := ending(e.Type), !f.provisional
	if f.provisional && l.hint != waiting && e.At-l.hinted <= lateEcho && (how == abandoned || f.tells) {
		how, told = l.hint, f.tells
	}
	f.hush(l, e.Leg, e.At)
	f.finish(l, how, e.At, e.Wait)
	l.out, l.told = e.Type == Left, told
}

func ending(t Type) verdict {
	switch t {
	case Abandoned:
		return abandoned
	case TimedOut:
		return timedOut
	case LeftEmpty:
		return leftEmpty
	default: // LeftByKey, and Left: what follows may tell more
		return byKey
	}
}

// echoed returns the wait of which an event only says again that it ended: AMI
// tells a leaving once as Left, and where there was no answer as Abandoned too.
func (l *leg) echoed(e *Event, slack record.Instant) *wait {
	if e.Type != Left && e.Type != Abandoned {
		return nil
	}
	if w := l.before(e.At, slack); w != nil && w.queue == e.Queue && (e.Type == Abandoned || !w.out) {
		return w
	}
	if l.how == waiting {
		return nil
	}
	if l.queue != e.Queue || e.Type == Abandoned && (l.undecided() || e.At-l.ended > lateEcho) {
		return nil
	}
	return &l.wait
}

// before returns the wait before the present one as long as that one is so young
// that what is told now may be of before. It is nil when it is not.
func (l *leg) before(at, slack record.Instant) *wait {
	if l.how != waiting || l.former.ended == 0 || at-l.joined > slack {
		return nil
	}
	return &l.former
}

func (f *Fold) echo(w *wait, e *Event) {
	switch {
	case e.Type == Left:
		w.out = true
	case w.how == byKey && !w.told: // and had joined another queue since
		f.judge(w, timedOut)
	}
}

// answered ends a wait, or turns its leaving into an answer.
func (f *Fold) answered(e *Event) {
	l := f.open(e)
	if l.queue != e.Queue || !l.undecided() {
		f.renew(l, e.Leg, wait{queue: e.Queue})
	}
	f.hush(l, e.Leg, e.At)
	f.unrung(l, e)
	f.finish(l, talking, e.At, e.Wait)
	l.agent, l.told = e.Agent, true
	f.talks(e)
}

// completed ends a talk.
func (f *Fold) completed(e *Event) {
	q := f.queue(e.At, e.Queue)
	q.Completed++
	q.Talk += e.Talk.Length
	if e.Reason == transfer {
		q.Transferred++
	}
	if w := f.talkOf(e); w != nil {
		w.how, w.ended = done, e.At
	}
	f.talked(e)
}

// transfer is the reason of Completed where the agent passed the call on.
const transfer = "transfer"

// talkOf returns the talk that an event ends, nil where it is not known. AMI
// leaves the leg out where the caller's channel is gone: then it is the talk
// that the agent has.
func (f *Fold) talkOf(e *Event) *wait {
	id := e.Leg
	if a := f.agents[e.Agent]; id == "" && a != nil {
		id = a.talk
	}
	l := f.legs[id]
	if l == nil {
		return nil
	}
	w := l.talk(e.Agent)
	if w == nil || w.queue != e.Queue {
		return nil
	}
	return w
}

// talk returns the leg's talk with an agent, nil where there is none.
func (l *leg) talk(agent string) *wait {
	for _, w := range []*wait{&l.wait, &l.former} {
		if w.how == talking && w.agent == agent {
			return w
		}
	}
	return nil
}

// finish counts how a wait ended. What was counted of its end before goes.
func (f *Fold) finish(l *leg, how verdict, at record.Instant, length Span) {
	if l.how != waiting {
		f.tally(&l.wait, -1)
	}
	if !length.Known && l.joined != 0 {
		length = Spanning(max(0, at-l.joined))
	}
	l.how, l.ended, l.length = how, at, length
	f.tally(&l.wait, 1)
}

// judge corrects how a wait that ended had ended.
func (f *Fold) judge(w *wait, how verdict) {
	if w.how == how {
		return
	}
	f.tally(w, -1)
	w.how = how
	f.tally(w, 1)
}

// tally counts the end of a wait n times.
func (f *Fold) tally(w *wait, n int64) {
	q := f.queue(w.ended, w.queue)
	switch w.how {
	case byKey:
		q.ExitKey += n
	case lost:
		q.Lost += n
	case timedOut:
		q.TimedOut += n
	case leftEmpty:
		q.ExitEmpty += n
	case abandoned:
		q.Abandoned += n
		q.AbandonedWait += record.Instant(n) * w.length.Length
		q.AbandonedWaits.count(w.length, n)
	case talking:
		q.Answered += n
		q.AnsweredWait += record.Instant(n) * w.length.Length
		q.AnsweredWaitMax = max(q.AnsweredWaitMax, w.length.Length)
		q.AnsweredWaits.count(w.length, n)
	case waiting, done:
	}
}
