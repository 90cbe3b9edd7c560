package schedule

import (
	"math/bits"
	"time"

	"github.com/robfig/cron/v3"
)

// A clock is a set of times of the day: a bit for each hour, minute and second.
// The library would find them by going on second by second.
type clock struct{ hour, minute, second uint64 }

const (
	hours   = 1<<24 - 1
	minutes = 1<<60 - 1 // and seconds
)

func clockOf(spec *cron.SpecSchedule) clock {
	return clock{spec.Hour & hours, spec.Minute & minutes, spec.Second & minutes}
}

func (c clock) eachHour() bool { return c.hour == hours }

// first returns the first time of a day, since midnight.
func (c clock) first() time.Duration {
	return since(from(c.hour, 0), from(c.minute, 0), from(c.second, 0))
}

// after returns the first one after a time of the day, if there is one left.
func (c clock) after(t time.Duration) (time.Duration, bool) {
	next := int(t/time.Second) + 1
	h, m := next/3600, next/60%60
	if from(c.hour, h) == h {
		if from(c.minute, m) == m {
			if s := from(c.second, next%60); s < 60 {
				return since(h, m, s), true
			}
		}
		if m = from(c.minute, m+1); m < 60 {
			return since(h, m, from(c.second, 0)), true
		}
	}
	if h = from(c.hour, h+1); h < 24 {
		return since(h, from(c.minute, 0), from(c.second, 0)), true
	}
	return 0, false
}

// from returns the first bit that is set at n or above: 64 or more if there is
// none.
func from(set uint64, n int) int { return n + bits.TrailingZeros64(set>>n) }

func since(h, m, s int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}
