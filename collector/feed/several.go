package feed

import "github.com/twinctl/twin/collector/record"

const (
	clockSlack = record.Second // that a clock which agrees with ours may be ahead of it
	mostStrays = 1000          // times in a batch that are told one by one
)

// several tells the holes of a session in which deliveries come side by side: of
// files, of connections, of datagrams of whoever sends. A record that comes after
// a rejection then says nothing of the time of what was rejected: it may be of an
// earlier delivery, or of a quicker one.
//
// What was rejected is later than what had been proven, as proof promises, and
// not later than when it came. That is the hole, and it is told at once, so that
// no crash can lose it and nothing that comes after must wait to be proven. Proof
// from after the rejection ends it: up to there it goes, should a clock be ahead.
// Who is rejected again and again has one hole, which grows as long as that lasts.
type several struct {
	hole        // the last one
	open   bool // no proof has ended it
	stray  int  // where the last time that was told alone stands; 0: not there
	strays int  // so many are told alone in this batch
}

// spoilt is a rejection, and when it was by our clock.
type spoilt struct {
	why Reason
	at  record.Instant
}

func newSeveral() *several { return &several{hole: hole{told: -1}} }

// taken notes that the growing batch was taken.
func (s *several) taken() {
	if s != nil {
		s.hole.taken()
		s.stray, s.strays = 0, 0
	}
}

// reject tells of a rejection: in the hole of the one before, if that reaches so
// far.
func (s *several) reject(b *Batch, proven record.Instant, r spoilt) {
	s.seen, s.proofs, s.open = r.at, 0, true
	from, until := min(proven, r.at), r.at+clockSlack
	if s.told >= 0 && s.From <= from && from <= s.Until {
		s.grow(b, until)
		return
	}
	s.Mark = Mark{What: HoleMark, From: from, Until: until, Reason: r.why}
	s.tell(b)
}

// precede tells of what was rejected before the session, if it may be of a time
// that the session hears: it begins with a record of before.
func (s *several) precede(b *Batch, from record.Instant, r spoilt) {
	if r.at > from {
		s.reject(b, from, r)
	}
}

// proof ends the hole, if it is proof from after the rejection.
func (s *several) proof(b *Batch, until record.Instant) {
	if s == nil || !s.open || !s.hole.proof(until) {
		return
	}
	s.open = false
	switch {
	case until <= s.Until:
	case s.told >= 0:
		s.grow(b, until)
	default: // the beginning may be judged already: this joins it if not
		s.From, s.Until = s.Until, until
		s.tell(b)
	}
}

// grow lengthens the hole, in the growing batch too.
func (s *several) grow(b *Batch, until record.Instant) {
	b.Marks[s.told].lengthen(until) // as what was lost may have done
	s.Mark = b.Marks[s.told]
}

func (s *several) tell(b *Batch) {
	s.told = len(b.Marks)
	b.Marks = append(b.Marks, s.Mark)
}

// date tells of a rejection whose own time is known and lies outside of its hole:
// it came later than it should, or is of a clock that differs. Its second is a
// hole too. Beyond so many in a batch they are told as one stretch.
func (s *several) date(b *Batch, why Reason, at record.Instant) {
	if s == nil || at == 0 || s.From <= at && at < s.Until {
		return
	}
	from := at - at%record.Second
	until := from + record.Second
	if s.strays >= mostStrays {
		m := &b.Marks[s.stray-1]
		m.From, m.Until = min(m.From, from), max(m.Until, until)
		return
	}
	b.Marks = append(b.Marks, Mark{What: HoleMark, From: from, Until: until, Reason: why})
	s.stray, s.strays = len(b.Marks), s.strays+1
}
