package feed

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	bucketsPerMinute = 1000
	bucketsKnown     = 8192
)

// A bucketGuard bounds how many new buckets a feed may begin, because each
// costs a row for ever: an upstream that makes up times must not fill the disk.
type bucketGuard struct {
	known  map[record.Instant]struct{}
	spent  float64 // of the allowance
	latest time.Time
}

// admit lets a record of that time in, or returns how long to wait until it may come.
func (g *bucketGuard) admit(at record.Instant, now time.Time) time.Duration {
	b := record.Bucket(at)
	if _, ok := g.known[b]; ok {
		return 0
	}
	const perSecond = bucketsPerMinute / 60.0
	if !g.latest.IsZero() {
		g.spent = max(0, g.spent-now.Sub(g.latest).Seconds()*perSecond)
	}
	g.latest = now
	if g.spent+1 > bucketsPerMinute {
		return time.Duration((g.spent+1-bucketsPerMinute)/perSecond*float64(time.Second)) + time.Millisecond
	}
	if g.known == nil || len(g.known) >= bucketsKnown {
		g.known = make(map[record.Instant]struct{})
	}
	g.known[b] = struct{}{}
	g.spent++
	return 0
}
