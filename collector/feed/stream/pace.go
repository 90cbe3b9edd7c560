package stream

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A pace tells how far behind a connection is whose upstream keeps what it
// cannot deliver, and says it later, in order of time.
type pace struct {
	last record.Instant // the time of the record that came last
	came time.Time      // when it did; zero before the first, and once it has caught up
}

// reach returns up to when the upstream has said all that it had to say, which
// is until if it holds nothing back.
//
//   - What came last was no older than late: it holds nothing back.
//   - It was older: it is catching up, and what it showed goes no further than
//     the record that came last.
//   - It was older, but for late nothing has come, nothing has waited to be
//     read, and no answer was owed: it has caught up. It had the time to say more.
func (p pace) reach(until record.Instant, late time.Duration) record.Instant {
	if p.came.IsZero() || record.At(p.came).Sub(p.last) <= late {
		return until
	}
	return min(until, p.last)
}

// A busy connection has something under way.
type busy struct {
	since record.Instant // since when something that arrived is not stored as it should be; 0 if nothing is so
	quiet time.Duration  // for how long nothing was under way
}

// seen returns what is under way on a connection.
func (c *connection) seen(now time.Time) busy {
	b := busy{since: record.Instant(c.waiting.Load())}
	last := time.UnixMicro(c.arrived.Load())
	if a, ok := c.frames.(Answerer); ok {
		owed, paid := a.Debt()
		if !owed.IsZero() && (b.since == 0 || record.At(owed) < b.since) {
			b.since = record.At(owed)
		}
		if paid.After(last) {
			last = paid
		}
	}
	if b.since == 0 {
		b.quiet = max(0, now.Sub(last))
	}
	return b
}
