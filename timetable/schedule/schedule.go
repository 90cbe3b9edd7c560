// Package schedule reads when a timetable runs, and says when that is next.
//
// A schedule is planned on the wall clock of its zone: a slot that the clock
// leaps over runs at the first instant after the leap, one that the clock shows
// twice runs the first time. Of slots that fall on one instant there is one.
// Where every hour is named, as in "*/15 * * * *" and "@hourly", the schedule
// is an interval instead: it runs in every real hour, however the clock is set.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// MaxText is how many bytes a schedule may have.
const MaxText = 256

// A form is one of the ways in which a schedule is said.
type form uint8

const (
	manual form = iota // never by itself
	once               // at one instant
	every              // in steps counted from 1970
	wall               // what the wall clock shows
	hourly             // what the wall clock shows, in every real hour
)

// A Schedule says when a timetable runs. It does not change, and belongs to one
// zone. The zero Schedule is manual.
type Schedule struct {
	text string
	zone *time.Location
	form form
	at   time.Time         // of once, UTC
	step time.Duration     // of every, whole seconds
	days cron.SpecSchedule // of wall and hourly: midnights, in UTC, for it is asked about wall clocks
	tod  clock             // of wall and hourly: at which times of these days
}

// Parse reads a schedule for a zone, which is a place and not the machine's
// own. It is one of
//
//	MIN HOUR DAY MONTH WEEKDAY         as cron has it; 7 is Sunday too, and fri-sun is a range
//	seconds SEC MIN HOUR DAY MONTH WEEKDAY
//	@hourly @daily @midnight @weekly @monthly @yearly @annually
//	every 15m                          in steps counted from 1970-01-01 00:00 UTC, alike on both twins
//	at 2026-12-24T06:00                once: of the zone's wall clock, or RFC 3339
//	manual                             only when it is asked for
//
// What can never run is refused, and so is a zone within the text.
func Parse(text string, zone *time.Location) (Schedule, error) {
	if zone == nil || zone == time.Local {
		return Schedule{}, errors.New("schedule without a zone: want a place, as Europe/Berlin")
	}
	if err := plain(text); err != nil {
		return Schedule{}, err
	}
	s := Schedule{text: strings.Join(strings.Fields(text), " "), zone: zone}
	if err := s.read(); err != nil {
		return Schedule{}, fmt.Errorf("schedule %q %w", s.text, err)
	}
	return s, nil
}

// plain says what is wrong with a text before any of it is read.
func plain(text string) error {
	if len(text) > MaxText {
		return fmt.Errorf("schedule of %d bytes: want at most %d", len(text), MaxText)
	}
	for _, r := range text {
		if r < ' ' || r > '~' {
			return fmt.Errorf("schedule %+q: want plain characters only, as 0 6 * * *", text)
		}
	}
	if strings.Contains(strings.ToUpper(text), "TZ=") {
		return fmt.Errorf("schedule %q has a zone in it: say the zone beside the schedule, as Europe/Berlin", text)
	}
	return nil
}

// read fills in what the text says. Errors go on from the text.
func (s *Schedule) read() error {
	word, rest, _ := strings.Cut(s.text, " ")
	switch strings.ToLower(word) {
	case "":
		return errors.New("is empty: want one, as 0 6 * * *, or manual")
	case "manual", "@manual":
		if rest != "" {
			return errors.New("goes on behind manual: want the word alone")
		}
		return nil
	case "at", "@at":
		return s.readAt(rest)
	case "every", "@every":
		return s.readEvery(rest)
	}
	return s.readCron()
}

// String returns the text of the schedule, with single blanks.
func (s Schedule) String() string {
	if s.text == "" {
		return "manual"
	}
	return s.text
}

// Zone returns where its wall clock hangs.
func (s Schedule) Zone() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Equal tells whether both have the same text and zone.
func (s Schedule) Equal(o Schedule) bool {
	return s.String() == o.String() && s.Zone().String() == o.Zone().String()
}
