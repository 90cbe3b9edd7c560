// Package acd understands what contact-centre feeds say: who waited how long,
// who answered, and what each agent did with the time. It is pure: no clock,
// no I/O, and the same records in key order always give the same counts.
package acd

import "github.com/twinctl/twin/collector/record"

// IntervalWidth is how long a stored interval is. All longer stretches are
// sums of intervals.
const IntervalWidth = 15 * record.Minute

// Interval returns the beginning of the interval that at lies in.
func Interval(at record.Instant) record.Instant {
	over := at % IntervalWidth
	if over < 0 {
		over += IntervalWidth
	}
	return at - over
}
