package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"time"
)

// words says the times of a day: "at 06:00 and 18:00", "every 15 minutes from
// 08:00 to 17:45".
func (c clock) words() string {
	if bits.OnesCount64(c.second) > 1 {
		return c.secondWords()
	}
	if times := c.times(); len(times) <= 6 {
		return "at " + and(times)
	}
	hourly, minutely := step(c.hour), even(c.minute)
	one := bits.OnesCount64(c.minute) == 1
	switch {
	case c.eachHour() && minutely > 0:
		return "every " + lengthWords(time.Duration(minutely)*time.Minute) + c.andSecond()
	case c.eachHour() && one:
		return "every hour" + c.past()
	case c.eachHour():
		return "every hour at " + list(c.minute, colon) + c.andSecond()
	case hourly == 1 && minutely > 0:
		return "every " + lengthWords(time.Duration(minutely)*time.Minute) + c.span()
	case hourly > 0 && one:
		return "every " + lengthWords(time.Duration(hourly)*time.Hour) + c.span()
	}
	return "at " + list(c.minute, colon) + " of the hours " + list(c.hour, strconv.Itoa) + c.andSecond()
}

// secondWords says the times of more than one second.
func (c clock) secondWords() string {
	rest := clock{c.hour, c.minute, 1}.words()
	switch by := even(c.second); {
	case by == 0:
		return rest + ", at " + list(c.second, colon) + " of the minute"
	case c.eachHour() && c.minute == minutes:
		return "every " + lengthWords(time.Duration(by)*time.Second)
	default:
		return rest + ", every " + lengthWords(time.Duration(by)*time.Second)
	}
}

// times lists all of one second, or more than people read.
func (c clock) times() []string {
	const enough = 7
	var times []string
	for t, ok := c.first(), true; ok && len(times) < enough; t, ok = c.after(t) {
		times = append(times, c.show(t))
	}
	return times
}

func (c clock) show(t time.Duration) string {
	text := fmt.Sprintf("%02d:%02d", int(t.Hours()), int(t.Minutes())%60)
	if c.second != 1 {
		text += colon(int(t.Seconds()) % 60)
	}
	return text
}

// span says the first and the last time of a day.
func (c clock) span() string {
	last := func(set uint64) int { return bits.Len64(set) - 1 }
	return " from " + c.show(c.first()) + " to " + c.show(since(last(c.hour), last(c.minute), last(c.second)))
}

// past says which minute of each hour.
func (c clock) past() string {
	if c.minute == 1 && c.second == 1 {
		return ""
	}
	words := " at " + colon(from(c.minute, 0))
	if c.second != 1 {
		words += colon(from(c.second, 0))
	}
	return words
}

func (c clock) andSecond() string {
	if c.second == 1 {
		return ""
	}
	return ", at second " + strconv.Itoa(from(c.second, 0))
}

// step returns how far apart the members of a set lie: 0 if there are less than
// three, or if they do not all lie as far apart.
func step(of uint64) int {
	first := from(of, 0)
	by := from(of, first+1) - first
	for n, i := 0, first; i < 64; n, i = n+1, from(of, i+1) {
		if i != first+n*by {
			return 0
		}
	}
	if bits.OnesCount64(of) < 3 {
		return 0
	}
	return by
}

// even returns the step of minutes or seconds that go on evenly from hour to
// hour: 0 if they do not.
func even(of uint64) int {
	n := bits.OnesCount64(of)
	by := 60 / n
	if n < 2 || 60%n != 0 {
		return 0
	}
	for i := 0; i < 60; i += by {
		if of&(1<<i) == 0 {
			return 0
		}
	}
	return by
}
