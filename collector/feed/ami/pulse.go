package ami

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	pingEvery  = 5 * time.Second // from Ping to Ping
	answerTime = 4 * time.Second // that an answer may take: with the above, mute is noticed within nine
	oversleep  = time.Second     // a read that returns this much late was not the upstream's fault
)

// A pulse decides when to Ping, when the upstream is mute, and what its answers
// prove. It has no clock and sends nothing.
type pulse struct {
	id    string    // the ActionID of the Ping that is not answered yet; "" if all are
	asked time.Time // when it was sent, or when we began to listen again
	next  time.Time // when the next one is due
	until time.Time // when reading was to be interrupted at last

	begun  bool
	before record.Instant // the time that the last answer told
}

// sent notes a Ping.
func (p *pulse) sent(id string, now time.Time) {
	p.id, p.asked, p.next = id, now, now.Add(pingEvery)
}

// due tells whether a Ping is due, which it is not while one is not answered.
func (p *pulse) due(now time.Time) bool { return p.id == "" && !now.Before(p.next) }

// mute tells whether the upstream has left a Ping unanswered for too long.
func (p *pulse) mute(now time.Time) bool {
	return p.id != "" && now.Sub(p.asked) >= answerTime
}

// listen returns until when to read at most.
func (p *pulse) listen() time.Time {
	p.until = p.next
	if p.id != "" {
		p.until = p.asked.Add(answerTime)
	}
	return p.until
}

// wake is told when reading is over. Whoever comes back from it much later than
// he wanted to was himself asleep (stopped, starved, moved to another machine):
// the answer may lie in the socket, and its time starts anew.
func (p *pulse) wake(now time.Time) {
	if !p.until.IsZero() && now.Sub(p.until) > oversleep {
		p.asked = now
	}
}

// answered notes the answer to the Ping with that id, which told the time at.
// The first one begins the session there. A further one proves everything up
// to the answer before, unless the upstream's clock ran back meanwhile: then
// either of the two may be wrong, and it proves nothing (0).
func (p *pulse) answered(id string, at record.Instant) (begins bool, proven record.Instant) {
	if id != p.id {
		return false, 0
	}
	p.id = ""
	if begins = !p.begun; !begins && at >= p.before {
		proven = p.before
	}
	p.begun, p.before = true, at
	return begins, proven
}
