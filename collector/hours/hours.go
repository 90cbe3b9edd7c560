// Package hours tells when a calendar is open: on which days of the week and
// of the month, at which times, and not on which holidays.
package hours

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A Text is a calendar as people write it.
type Text struct {
	Zone     string   // a place, as Europe/Berlin; "": the site's
	Hours    []string // "mon-fri 08:00-18:00"; none: always
	Holidays []string // "2026-12-25 Christmas": closed all day
	Days     []string // "last working", "2nd mon", "15": on these alone; none: on every day
}

// A Calendar tells when it is open. It does not change.
type Calendar struct {
	zone   *time.Location
	week   [7][]record.Span // by weekday from Sunday: of the wall clock, since midnight
	always bool
	closed map[int64]bool // days since 1970, by the wall clock
	days   []rule
}

// Read reads a calendar. site is the zone of one that says none.
func Read(t Text, site *time.Location) (*Calendar, error) {
	c := &Calendar{zone: site, always: len(t.Hours) == 0, closed: make(map[int64]bool, len(t.Holidays))}
	if t.Zone != "" {
		zone, err := Zone(t.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone %w", err)
		}
		c.zone = zone
	}
	for _, text := range t.Hours {
		days, span, err := readHours(text)
		if err != nil {
			return nil, fmt.Errorf("hours %w", err)
		}
		for _, day := range days {
			c.week[day] = append(c.week[day], span)
		}
	}
	for _, text := range t.Holidays {
		day, _, err := readHoliday(text)
		if err != nil {
			return nil, fmt.Errorf("holidays %w", err)
		}
		c.closed[day] = true
	}
	for _, text := range t.Days {
		r, err := readRule(text)
		if err != nil {
			return nil, fmt.Errorf("days %w", err)
		}
		c.days = append(c.days, r)
	}
	return c, nil
}

// Open tells whether it is open at an instant.
func (c *Calendar) Open(at record.Instant) bool {
	wall := Wall(at, c.zone)
	day := dayOf(wall)
	if c.closed[day] {
		return false
	}
	since := wall - record.Instant(day)*record.Day
	if !c.always && !slices.ContainsFunc(c.week[weekday(day)], func(s record.Span) bool { return s.From <= since && since < s.To }) {
		return false
	}
	return len(c.days) == 0 || slices.ContainsFunc(c.days, func(r rule) bool { return c.on(r, day) })
}

// works tells whether a day is a working one: it has hours, or is from Monday
// to Friday where there are none, and is no holiday.
func (c *Calendar) works(day int64) bool {
	if c.closed[day] {
		return false
	}
	d := weekday(day)
	if c.always {
		return d != time.Saturday && d != time.Sunday
	}
	return len(c.week[d]) > 0
}

// Wall returns what the wall clock of a zone shows, as if that were UTC.
func Wall(at record.Instant, zone *time.Location) record.Instant {
	_, offset := at.Time().In(zone).Zone()
	return at + record.Instant(offset)*record.Second
}

// dayOf returns the day of a wall clock, since 1970.
func dayOf(wall record.Instant) int64 {
	day := wall / record.Day
	if wall%record.Day < 0 {
		day--
	}
	return int64(day)
}

func weekday(day int64) time.Weekday {
	const thursday = 4 // 1970 began on one
	return time.Weekday(((day+thursday)%7 + 7) % 7)
}
