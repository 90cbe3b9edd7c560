package feed

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

// earliest is 1990: what claims to be older is a clock that was never set.
var earliest = record.At(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC))

// Credible tells whether an upstream can have said something at that time: from
// 1990 on, and not more than an hour ahead of our clock.
func Credible(at record.Instant, now time.Time) bool { return canBe(at, now) }

// canBe is Credible, and also tells whether we can have heard it then.
func canBe(at record.Instant, now time.Time) bool {
	return at >= earliest && at <= record.At(now.Add(futureLimit))
}

// Begin opens a session: from now on the source hears its upstream. The feed is
// live. One that would begin when nobody can have heard it begins now.
func (q *Queue) Begin(s Session, address string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if !canBe(s.From, now) {
		s.From = record.At(now)
	}
	m := Mark{What: BeginMark, From: s.From, Begin: &s, Told: record.At(now)}
	if since := q.asOf[0]; !since.IsZero() {
		m.Missed = now.Sub(since)
	}
	q.session, q.absent, q.hole, q.several = true, false, nil, nil
	q.proven, q.lastAt, q.asOf = s.From, 0, [2]time.Time{now, now}
	q.health = Health{State: Live, Address: address}
	q.batch.Marks = append(q.batch.Marks, m)
	if s.Several {
		q.several = newSeveral()
		q.several.precede(&q.batch, s.From, q.early)
	}
	q.early = spoilt{}
	q.makeDue()
}

// Proof says that everything up to until was heard in this session. What
// cannot be true proves nothing.
func (q *Queue) Proof(until record.Instant) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if !q.session || !canBe(until, now) {
		return
	}
	q.asOf[0], q.asOf[1] = q.asOf[1], now
	if q.hole.proof(until) {
		q.endHole(until)
	} else if q.hole != nil { // of which only the beginning is told: a crash would cover the rest
		until = min(until, q.hole.From)
	}
	q.several.proof(&q.batch, until)
	q.proven = max(q.proven, until)
	if n := len(q.batch.Marks); n > 0 && q.batch.Marks[n-1].What == ProofMark {
		q.batch.Marks[n-1].Until = max(q.batch.Marks[n-1].Until, until)
		return
	}
	q.batch.Marks = append(q.batch.Marks, Mark{What: ProofMark, Until: until})
	q.dueIn(proofAge)
}

// Missing says that records are missing in this session that the upstream had:
// the numbers of its calls skip some. What cannot be true is not believed.
func (q *Queue) Missing(m Missing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := time.Now(); !q.session || !canBe(m.From, now) || !canBe(m.Until, now) {
		return
	}
	s := m.Span()
	q.batch.Marks = append(q.batch.Marks, Mark{What: HoleMark, From: s.From, Until: s.To, Reason: Skipped})
	q.makeDue()
}

// Found says that nothing is missing in a stretch of time of which Missing said
// so: the numbers came later.
func (q *Queue) Found(s record.Span) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batch.Marks = append(q.batch.Marks, Mark{What: FoundMark, From: s.From, Until: s.To, Reason: Skipped})
	q.makeDue()
}

// End closes the session; err is what a person is told. Without a session an
// err begins a gap, if nobody was heard before either, as Report does; without
// an err nothing happens.
func (q *Queue) End(reason Reason, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case reason == Overrun && q.stuck != "":
		reason = q.stuck
	case reason == Stopped && q.leaving != "":
		reason = q.leaving
	}
	if !q.session && err == nil {
		return
	}
	q.health = Health{State: Down, Address: q.health.Address, Err: err}
	q.endHole(q.proven)
	if q.session || !q.absent {
		q.silent(reason)
	}
}

// Report tells how the feed is while no session is open, or, with state Live,
// a warning while one is. Down before the first session begins a gap: nobody
// is heard, and nobody was before.
func (q *Queue) Report(h Health) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.health = h
	if h.State == Down && !q.session && !q.absent {
		q.silent(Unreachable)
	}
}

// silent says that from now on nobody is heard.
func (q *Queue) silent(why Reason) {
	q.session, q.absent, q.several = false, true, nil
	q.batch.Marks = append(q.batch.Marks, Mark{What: EndMark, Reason: why})
	q.makeDue()
}

// Leave gives the reason for which a session that is about to be stopped ends.
func (q *Queue) Leave(reason Reason) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leaving = reason
}

// inSession tells whether the source has begun a session and not yet ended it.
func (q *Queue) inSession() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.session
}
