package hours

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A rule names days: those from one date to another, or the nth of each month.
type rule struct {
	from, to int64 // days since 1970; only where n is 0
	n        int   // from the end of the month if below 0
	of       what
	weekday  time.Weekday // of weekdays
}

// A what is what a rule counts in a month.
type what uint8

const (
	days what = iota
	working
	weekdaysOfOne
)

// most is how many of each a month may have.
func (w what) most() int { return [...]int{days: 31, working: 31, weekdaysOfOne: 5}[w] }

// readRule reads "15", "-1", "last", "first working", "-2 working", "2nd mon",
// "last fri", "2026-12-24" and "2026-12-24 to 2027-01-06".
func readRule(text string) (rule, error) {
	if r, ok := readDates(text); ok {
		return r, nil
	}
	wrong := fmt.Errorf(`has %q: want days of a month, as 15, -1, "last working" or "2nd mon", or dates, as 2026-12-24 or "2026-12-24 to 2027-01-06"`, text)
	nth, of, more := strings.Cut(text, " ")
	r := rule{n: ordinal(nth)}
	day := slices.Index(week(), of)
	switch {
	case !more:
	case of == "working":
		r.of = working
	case day >= 0:
		r.of, r.weekday = weekdaysOfOne, time.Weekday((day+1)%7)
	default:
		return rule{}, wrong
	}
	if r.n == 0 || max(r.n, -r.n) > r.of.most() {
		return rule{}, wrong
	}
	return r, nil
}

func readDates(text string) (rule, bool) {
	first, last, isSpan := strings.Cut(text, " to ")
	if !isSpan {
		last = first
	}
	from, ok1 := readDate(first)
	to, ok2 := readDate(last)
	return rule{from: from, to: to}, ok1 && ok2 && from <= to
}

// ordinal reads "first", "2nd", "15", "-1" and "last", 0 for what is none.
func ordinal(text string) int {
	switch text {
	case "first":
		return 1
	case "last":
		return -1
	}
	digits := text
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		if before, ok := strings.CutSuffix(text, ending); ok {
			digits = before
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) > len("-31") || digits[0] == '+' || n < 0 && digits != text {
		return 0
	}
	return n
}

// on tells whether a rule names a day.
func (c *Calendar) on(r rule, day int64) bool {
	if r.n == 0 {
		return r.from <= day && day <= r.to
	}
	if !c.counts(r, day) {
		return false
	}
	y, m, d := (record.Instant(day) * record.Day).Time().Date()
	length := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	step, left := int64(-1), d-1 // how many days of the month lie on that side
	if r.n < 0 {
		step, left = 1, length-d
	}
	nth := 1
	for i := 1; i <= left; i++ {
		if c.counts(r, day+int64(i)*step) {
			nth++
		}
	}
	return nth == max(r.n, -r.n)
}

// counts tells whether a day is among those that a rule counts.
func (c *Calendar) counts(r rule, day int64) bool {
	switch r.of {
	case working:
		return c.works(day)
	case weekdaysOfOne:
		return weekday(day) == r.weekday
	case days:
	}
	return true
}
