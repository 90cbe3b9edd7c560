package replay

import (
	"math"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// latest is the end of the year 9999: no clock goes beyond it.
const latest record.Instant = 253402300799_999999

// A plan puts recorded times on the timeline. It is pure: what it returns
// depends on the times of all files, the speed and the shift, and on no clock.
type plan struct {
	first record.Instant // the earliest time of all files
	speed float64
	shift bool
	steps []record.Instant // with shift: every recorded time once, in order,
	moves []time.Duration  // and how long after the start it happens
}

func newPlan(times []record.Instant, speed float64, shift bool) plan {
	p := plan{first: slices.Min(times), speed: speed, shift: shift}
	if !shift {
		return p
	}
	slices.Sort(times)
	p.steps = slices.Compact(times)
	p.moves = make([]time.Duration, len(p.steps))
	for i := 1; i < len(p.steps); i++ {
		p.moves[i] = max(p.scaled(p.steps[i]), p.moves[i-1]+time.Microsecond)
	}
	return p
}

// rushed says that there is no pace: everything is due at once.
func (p plan) rushed() bool { return !p.shift && math.IsInf(p.speed, 1) }

// hastens says that the upstream's clock runs faster than any other.
func (p plan) hastens() bool { return !p.shift && !p.rushed() && p.speed > 1 }

// offset returns how long after the start something of that time is said. With
// shift it knows the recorded times only.
func (p plan) offset(at record.Instant) time.Duration {
	if !p.shift {
		return p.scaled(at)
	}
	i, _ := slices.BinarySearch(p.steps, at)
	return p.moves[min(i, len(p.moves)-1)]
}

// clock returns the upstream's time so long after the start; not for rushed
// plans nor shifted ones, which have clocks of their own.
func (p plan) clock(elapsed time.Duration) record.Instant {
	run := float64(elapsed.Microseconds()) * p.speed
	if run >= float64(latest-p.first) {
		return latest
	}
	return p.first + record.Instant(run)
}

// scaled returns the distance from the first time at the plan's speed. It is
// rounded up to a microsecond: whoever comes in a microsecond is told what is
// due in it, and no clock that it sees may have gone past what it was not told.
func (p plan) scaled(at record.Instant) time.Duration {
	const limit = math.MaxInt64 / 4 // 73 years: for ever, yet it can be added to a time
	micros := float64(at-p.first) / p.speed
	return time.Duration(min(math.Ceil(micros), limit/1000)) * time.Microsecond
}

// stamp returns what the recorded time becomes when the timeline begins at start.
func (p plan) stamp(start time.Time, at record.Instant) record.Instant {
	if !p.shift {
		return 0
	}
	return record.At(start).Add(p.offset(at))
}
