package schedule

import (
	"errors"
	"fmt"
	"time"
)

// maxStep is the longest step of an interval: a leap year.
const maxStep = 366 * 24 * time.Hour

// readEvery reads "15m" and "1h30m".
func (s *Schedule) readEvery(text string) error {
	step, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("has no length: want one, as every 15m or every 1h30m; for days say the time of day, as 0 6 * * *")
	}
	switch {
	case step < time.Second:
		return errors.New("is too often: want a second or more, as every 15m")
	case step%time.Second != 0:
		return errors.New("has a broken second: want whole seconds, as every 15m")
	case step > maxStep:
		return fmt.Errorf("is too seldom: want at most %dh", int(maxStep.Hours()))
	}
	s.form, s.step = every, step
	return nil
}

// readAt reads a time of the zone's wall clock, or RFC 3339.
func (s *Schedule) readAt(text string) error {
	s.form = once
	if w, ok := readWall(text); ok {
		s.at = firstAt(w, s.zone)
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return errors.New("has no time: want one of its zone, as at 2026-12-24T06:00, or RFC 3339, as at 2026-12-24T05:00:00Z")
	case at.Nanosecond() != 0:
		return errors.New("has a broken second: want whole seconds, as at 2026-12-24T06:00")
	}
	s.at = at.UTC()
	return nil
}

// readWall reads what a wall clock shows.
func readWall(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if w, err := time.Parse(layout, text); err == nil && w.Nanosecond() == 0 {
			return w, true
		}
	}
	return time.Time{}, false
}
