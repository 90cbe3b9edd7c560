package schedule

import (
	"fmt"
	"strings"
	"time"
)

// ahead is how far warnings look.
const ahead = 366 * day

// Warnings says what a person may not have meant, as seen from now: that days
// of the month and of the week add up, and which slots of a year the clock
// leaps over or shows twice.
func (s Schedule) Warnings(now time.Time) []string {
	switch s.form {
	case once:
		return s.onceWarnings(now)
	case wall:
		return append(s.dayWarnings(now), s.setWarnings(now)...)
	case hourly:
		return s.dayWarnings(now)
	case manual, every:
	}
	return nil
}

func (s Schedule) onceWarnings(now time.Time) (found []string) {
	if !s.at.After(now) {
		found = append(found, "this is past: it never runs")
	}
	_, text, _ := strings.Cut(s.text, " ")
	w, ok := readWall(text)
	if !ok {
		return found
	}
	for t := s.at.Add(-day).In(s.zone); t.Before(s.at.Add(day)); {
		c, ok := nextChange(t)
		if !ok {
			break
		}
		if lo, hi := c.span(); !w.Before(lo) && w.Before(hi) {
			found = append(found, c.words(w, w))
		}
		t = c.at
	}
	return found
}

// dayWarnings tells of the trap that most fall into.
func (s Schedule) dayWarnings(now time.Time) []string {
	if !s.either() {
		return nil
	}
	const shown = 3
	var dates []string
	for w := reached(now, s.zone); len(dates) < shown; {
		next, ok := s.following(w)
		if !ok {
			break
		}
		dates = append(dates, next.Format("Mon 2006-01-02"))
		w = next.Truncate(day).Add(day - tick)
	}
	return []string{`day of the month and weekday are both set, and one is enough: runs on ` + and(dates) +
		`; for the days that are both, give it a calendar with days such as "2nd mon"`}
}

// setWarnings tells of the times at which the clock is set, if slots lie there.
func (s Schedule) setWarnings(now time.Time) (found []string) {
	for t := now.In(s.zone); ; {
		c, ok := nextChange(t)
		if !ok || c.at.Sub(now) > ahead {
			return found
		}
		lo, hi := c.span()
		first, ok := s.following(lo.Add(-tick))
		last := first
		for w := first; ok && w.Before(hi); w, ok = s.following(w) {
			last = w
		}
		if first.Before(hi) && !first.IsZero() {
			found = append(found, c.words(first, last))
		}
		t = c.at
	}
}

// A change is an instant at which a wall clock is set.
type change struct {
	at       time.Time // in its zone
	from, to time.Time // what the clock would have shown, and shows
}

// nextChange returns the first after a time of a zone.
func nextChange(t time.Time) (change, bool) {
	for {
		_, end, _ := period(t)
		if end.IsZero() {
			return change{}, false
		}
		zone := t.Location()
		from, to := shown(end.Add(-tick), zone).Add(tick), shown(end, zone)
		if t = end.In(zone); !from.Equal(to) {
			return change{t, from, to}, true
		}
	}
}

// span returns what the clock leaps over, or shows twice: up to the second,
// which is outside.
func (c change) span() (lo, hi time.Time) {
	if c.to.After(c.from) {
		return c.from, c.to
	}
	return c.to, c.from
}

// words says what becomes of the slots from first to last, which lie within.
func (c change) words(first, last time.Time) string {
	show := func(w time.Time) string {
		layout := "15:04"
		if w.Second() != 0 {
			layout = time.TimeOnly
		}
		if day := w.Format(time.DateOnly); day != first.Format(time.DateOnly) {
			layout = time.DateOnly + " " + layout
		}
		return w.Format(layout)
	}
	on, one := first.Format(time.DateOnly), first.Equal(last)
	switch leap := c.to.After(c.from); {
	case leap && one:
		return fmt.Sprintf("on %s %s does not exist: runs at %s", on, show(first), show(c.to))
	case leap:
		return fmt.Sprintf("on %s %s to %s do not exist: runs once for them, at %s", on, show(first), show(last), show(c.to))
	case one:
		return fmt.Sprintf("on %s %s comes twice: runs the first time", on, show(first))
	}
	return fmt.Sprintf("on %s %s to %s come twice: runs the first time", on, show(first), show(last))
}
