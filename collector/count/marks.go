package count

import (
	"time"

	"github.com/twinctl/twin/collector/history"
)

const (
	// quiet is how long nothing late must have come before what came late is
	// counted: a fill brings an interval in many pieces.
	quiet = 2 * time.Second
	// patience is how long that is waited for, in a trickle that does not end.
	patience = time.Minute
	// penance is how many times as long as it took is waited after that, at
	// the least: a feed whose records are always late costs no more. longest is
	// as long as that may be.
	penance = 10
	longest = time.Minute
)

// marks decide when what came late is counted.
type marks struct {
	since time.Time // when they were seen first; zero: there are none
	rest  time.Time // not before then
	look  time.Time // when they may be read again
}

// due tells whether to count what is marked now.
func (m *marks) due(now time.Time, state history.Counted) bool {
	if len(state.Marked) == 0 {
		m.since = time.Time{}
		return false
	}
	if m.since.IsZero() {
		m.since = now
	}
	calm := now.Sub(state.MarkedAt.Time()) >= quiet || state.MarkedAt.Time().After(now.Add(quiet)) // a clock that was set back
	return !now.Before(m.rest) && (calm || now.Sub(m.since) >= patience)
}

// done says that what was marked was counted.
func (m *marks) done(begun, ended time.Time) {
	m.since = time.Time{}
	m.rest = ended.Add(min(penance*ended.Sub(begun), longest))
}

// waiting tells whether there are marks that are not due yet.
func (m *marks) waiting() bool { return !m.since.IsZero() }
