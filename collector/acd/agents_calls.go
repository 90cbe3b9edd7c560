package acd

import (
	"slices"

	"github.com/twinctl/twin/collector/record"
)

// called begins to ring an agent's phone.
func (f *Fold) called(e *Event) {
	l := f.legs[e.Leg]
	if l != nil && l.how != waiting && l.queue == e.Queue && e.At-l.ended <= lateEcho {
		f.rangLate(l, e)
		return
	}
	l = f.open(e)
	if l.how != waiting || l.queue != e.Queue {
		f.renew(l, e.Leg, wait{queue: e.Queue})
	}
	if e.Agent == "" {
		return
	}
	a := f.evident(e, e.At)
	if e.Leg != "" && !slices.Contains(a.rings, e.Leg) && len(a.rings) < manyRings && len(l.rings) < ringsOfLeg {
		a.rings = append(a.rings, e.Leg)
		l.rings = append(l.rings, e.Agent)
	}
	f.turn(a, e.At)
}

// rang ends the ringing of one agent's phone.
func (f *Fold) rang(e *Event) {
	q := f.queue(e.At, e.Queue)
	if e.Type == RingNoAnswer {
		q.RingNoAnswer++
		q.RingsNoAnswer.count(e.Ring, 1)
	}
	if e.Agent == "" {
		return
	}
	a := f.evident(e, e.At-e.Ring.Length)
	if l := f.legs[e.Leg]; l != nil {
		l.changed = max(l.changed, e.At)
		f.unrung(l, e)
		if l.queue == e.Queue {
			l.rings = without(l.rings, e.Agent)
			a.rings = without(a.rings, e.Leg)
		}
	}
	f.rangFor(a, e)
	c := f.agent(e.At, e.Agent)
	if e.Type == RingNoAnswer {
		c.RingNoAnswer++
		c.RingsNoAnswer.count(e.Ring, 1)
	} else {
		c.RingCancelled++
	}
	f.turn(a, e.At)
}

// rangLate takes in a ring of a call that has left already.
func (f *Fold) rangLate(l *leg, e *Event) {
	if e.Agent == "" || l.how == talking && l.agent == e.Agent || slices.Contains(l.ceased, e.Agent) || len(l.ceased) >= ringsOfLeg {
		return
	}
	if len(l.ceased) == 0 {
		l.ceasedAt = l.ended
	}
	l.ceased = append(l.ceased, e.Agent)
	f.agent(l.ceasedAt, e.Agent).RingCancelled++
}

// rangFor gives the time before to ringing where the format tells only
// afterwards how long a phone rang. Rings at once are a union too.
func (f *Fold) rangFor(a *agent, e *Event) {
	s := &a.segment
	if s.since == e.At {
		s = &a.before // what begins just now has no time yet
	}
	if f.callings || e.Ring.Length <= 0 || s.doing != available && s.doing != inPause {
		return
	}
	from, to := max(s.since, e.At-min(e.Ring.Length, longestRing)), e.At
	switch {
	case from > s.rungTo:
		f.rung(a, s, from, to)
		s.since = max(s.since, s.rungTo)
		s.rungFrom = from
	case from < s.rungFrom:
		f.rung(a, s, from, min(s.rungFrom, to))
		s.rungFrom = from
		fallthrough
	default:
		f.rung(a, s, max(from, s.rungTo), to)
	}
	s.rungTo = max(s.rungTo, to)
}

// rung turns what was counted of a stretch into ringing.
func (f *Fold) rung(a *agent, s *segment, from, to record.Instant) {
	for from < to {
		end := min(to, Interval(from)+IntervalWidth)
		c := f.agent(from, a.name)
		c.spend(s.doing, s.why, from-end)
		c.Ringing += end - from
		from = end
	}
}

// longestRing is how long a phone is believed to have rung.
const longestRing = record.Hour

// talks begins an agent's talk. It ends one whose end was not heard: queues
// give an agent one call at a time.
func (f *Fold) talks(e *Event) {
	if e.Agent == "" {
		return
	}
	a := f.evident(e, e.At-e.Ring.Length)
	f.rangFor(a, e)
	a.talking, a.talk, a.answered = true, e.Leg, e.At
	f.agent(e.At, e.Agent).Answered++
	f.turn(a, e.At)
}

// talked ends an agent's talk.
func (f *Fold) talked(e *Event) {
	if e.Agent == "" {
		return
	}
	a := f.agents[e.Agent]
	if a == nil {
		a = f.evident(e, e.At)
	} else {
		a = f.meet(e.Agent, e.At, false)
	}
	if a.talk == e.Leg || a.talk == "" || e.Leg == "" {
		a.talking, a.talk = false, ""
	}
	c := f.agent(e.At, e.Agent)
	c.Completed++
	c.Handled += e.Talk.Length
	if e.Reason == transfer {
		c.Transferred++
	}
	f.turn(a, e.At)
}

// talkOver ends an agent's talk whose end was not told.
func (f *Fold) talkOver(name, leg string, at record.Instant) {
	a := f.agents[name]
	if a == nil || a.talk != leg {
		return
	}
	f.account(a, at)
	a.talking, a.talk = false, ""
	f.turn(a, at)
}

// hush ends the ringing of all phones that ring for a leg: it was answered, or
// it left. Where the format does not tell so itself, their rings were
// cancelled, except that of whom an answer or a ring in vain is told later.
func (f *Fold) hush(l *leg, id string, at record.Instant) {
	if len(l.rings) == 0 {
		return
	}
	for _, name := range l.rings {
		if a := f.agents[name]; a != nil {
			f.account(a, at)
			a.rings = without(a.rings, id)
			f.turn(a, at)
		}
		f.agent(at, name).RingCancelled++
	}
	l.ceased, l.ceasedAt, l.rings = l.rings, at, nil
}

// unrung takes back that an agent's ring was cancelled.
func (f *Fold) unrung(l *leg, e *Event) {
	if w := l.ceasedFor(e); w != nil {
		f.agent(w.ceasedAt, e.Agent).RingCancelled--
		w.ceased = without(w.ceased, e.Agent)
	}
}

// ceasedFor returns the wait in the event's queue at whose end the agent's
// phone rang, nil where it did not.
func (l *leg) ceasedFor(e *Event) *wait {
	for _, w := range []*wait{&l.wait, &l.former} {
		if w.queue == e.Queue && slices.Contains(w.ceased, e.Agent) {
			return w
		}
	}
	return nil
}

// without returns the list without a name.
func without(list []string, name string) []string {
	i := slices.Index(list, name)
	if i < 0 {
		return list
	}
	return slices.Delete(list, i, i+1)
}
