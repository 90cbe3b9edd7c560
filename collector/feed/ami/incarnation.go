package ami

import (
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	sameStart = 2 * time.Second // start-up times this close together are of one running Asterisk
	longestUp = 100 * 365 * 24 * 60 * 60
)

// An incarnation is one run of an Asterisk, from start to stop. The zero value
// is one that is not known.
//
// Asterisk says at login for how many whole seconds it has been up. Taken from
// the time of the first answer that gives its start within a second or so, and
// a little differently at each login. Therefore what lies within two seconds of
// the incarnation heard last is that one, under the name that it was first given.
// Another process, as the twin, mostly finds the same name, but not surely (about
// 1 in 30 differs): whoever compares across processes asks [feed.SameIncarnation].
//
// The name leaves out the SystemName that events may carry: a session begins
// before the first event, and two twins of which only one knew it would differ.
type incarnation struct {
	name  string
	since record.Instant // at the latest: what was said from then on may be missing
}

// incarnationOf returns the incarnation that has been up for so many seconds
// at that time, which is last if the two are the same.
func incarnationOf(now record.Instant, uptime int64, last incarnation) incarnation {
	since := now - record.Instant(uptime+1)*record.Second // up to a second was cut off
	since -= since % record.Second
	if last.name != "" && since.Sub(last.since).Abs() <= sameStart {
		return last
	}
	return incarnation{name: feed.StartName(since), since: since}
}

// parseUptime reads the Uptime header of FullyBooted.
func parseUptime(s string) (seconds int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= longestUp
}
