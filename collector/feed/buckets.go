package feed

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	bucketsPerMinute = 1000
	bucketsKnown     = 8192
	bucketsFree      = 24 * time.Hour
)

// TooFar is what a person is told of a record that no new bucket is begun for.
const TooFar = "times too far apart: over 1,000 new stretches of five minutes in a minute, a day and more ago"

// A bucketGuard bounds how many new buckets a feed may begin, because each
// costs a row for ever: an upstream that makes up times must not fill the disk.
// Those of the last day are free, as they cannot be many: who makes up times
// does not hold up those who tell of today.
type bucketGuard struct {
	known map[record.Instant]struct{}
	begun []time.Time // when the latest ones were let in: a ring once it is full
	next  int         // the oldest of the ring
}

// admit lets a record of that time in, or returns how long to wait until it
// may come: no minute sees more than its share of new buckets.
func (g *bucketGuard) admit(at record.Instant, now time.Time) time.Duration {
	b := record.Bucket(at)
	if _, ok := g.known[b]; ok {
		return 0
	}
	if at <= record.At(now.Add(-bucketsFree)) {
		if wait := g.spend(now); wait > 0 {
			return wait
		}
	}
	if g.known == nil || len(g.known) >= bucketsKnown {
		g.known = make(map[record.Instant]struct{})
	}
	g.known[b] = struct{}{}
	return 0
}

// spend takes one of the allowance, or returns how long to wait for one.
func (g *bucketGuard) spend(now time.Time) time.Duration {
	if len(g.begun) < bucketsPerMinute {
		g.begun = append(g.begun, now)
		return 0
	}
	if wait := time.Minute - now.Sub(g.begun[g.next]); wait > 0 {
		return wait
	}
	g.begun[g.next] = now
	g.next = (g.next + 1) % bucketsPerMinute
	return 0
}
