package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Words says the schedule for people, with its zone: "Monday to Friday at
// 06:00, Europe/Berlin".
func (s Schedule) Words() string {
	switch s.form {
	case once:
		at := s.at.In(s.zone)
		return "once, on " + at.Format(time.DateOnly) + " at " + clockWords(at) + ", " + s.zone.String()
	case every:
		return everyWords(s.step)
	case wall, hourly:
		return s.fieldWords() + ", " + s.zone.String()
	case manual:
	}
	return "only when it is asked for"
}

func clockWords(at time.Time) string {
	if at.Second() != 0 {
		return at.Format(time.TimeOnly)
	}
	return at.Format("15:04")
}

// everyWords says where a step begins if that is not plain.
func everyWords(step time.Duration) string {
	words := "every " + lengthWords(step)
	switch {
	case time.Hour%step == 0:
		return words
	case day%step == 0:
		return words + ", from 00:00 UTC"
	}
	return words + ", counted from 1970-01-01 00:00 UTC"
}

// lengthWords says "hour" and "1 hour 30 minutes".
func lengthWords(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := int(d / unit.length)
		d -= time.Duration(n) * unit.length
		if n > 0 {
			parts = append(parts, counted(n, unit.name))
		}
	}
	if len(parts) == 1 {
		return strings.TrimPrefix(parts[0], "1 ")
	}
	return strings.Join(parts, " ")
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// fieldWords joins days and times. A time that is said alone is one of every day.
func (s Schedule) fieldWords() string {
	days, times := s.dayWords(), s.tod.words()
	switch at := strings.HasPrefix(times, "at "); {
	case at:
		return days + " " + times
	case days == "every day":
		return times
	}
	return days + ", " + times
}

const star = 1 << 63 // the library's mark of a field that names all

// dayWords says on which days: those of the month or those of the week, or
// each of both.
func (s Schedule) dayWords() string {
	months := list(set(s.days.Month, 1, 12), func(m int) string { return time.Month(m).String() })
	byMonth, byWeek := set(s.days.Dom, 1, 31), set(s.days.Dow, 0, 6)
	in, of := "", " of every month"
	if bits.OnesCount64(set(s.days.Month, 1, 12)) < 12 {
		in, of = " in "+months, " of "+months
	}
	allMonth, allWeek := byMonth == set(^uint64(0), 1, 31), byWeek == set(^uint64(0), 0, 6)
	dates := "on the " + list(byMonth, nth) + of
	either := s.either()
	switch {
	case allMonth && allWeek, either && (allMonth || allWeek):
		return "every day" + in
	case allWeek:
		return dates
	case allMonth:
		return weekWords(byWeek) + in
	}
	return dates + " and " + weekWords(byWeek) + in
}

// either tells that days of the month and of the week are both restricted, so
// that one of them is enough.
func (s Schedule) either() bool { return (s.days.Dom|s.days.Dow)&star == 0 }

// weekWords names days of the week, from Monday on.
func weekWords(of uint64) string {
	week := of >> 1 << 1
	if of&1 != 0 {
		week |= 1 << 7
	}
	words := list(week, func(d int) string { return time.Weekday(d % 7).String() })
	if bits.OnesCount64(week) == 1 {
		return "every " + words
	}
	return words
}

func nth(n int) string {
	ending := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}

// set keeps the bits from lo to hi.
func set(of uint64, lo, hi int) uint64 { return of & (1<<(hi+1) - 1) >> lo << lo }

// list says what is in a set: three and more in a row as "a to b".
func list(of uint64, name func(int) string) string {
	var said []string
	for n := from(of, 0); n < 64; n = from(of, n+1) {
		end := n + bits.TrailingZeros64(^(of >> n)) - 1
		if end-n >= 2 {
			said = append(said, name(n)+" to "+name(end))
			n = end
			continue
		}
		said = append(said, name(n))
	}
	return and(said)
}

func and(said []string) string {
	if len(said) < 2 {
		return strings.Join(said, "")
	}
	return strings.Join(said[:len(said)-1], ", ") + " and " + said[len(said)-1]
}

// colon says a minute or second of the clock.
func colon(n int) string { return fmt.Sprintf(":%02d", n) }
