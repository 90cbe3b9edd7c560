package schedule

import "time"

// A wall clock is written as the time in UTC that reads the same.

const (
	tick   = time.Nanosecond // the shortest time that there is
	day    = 24 * time.Hour  // of a wall clock that is never set
	widest = day             // is more than any zone is away from UTC
)

// period returns the instants around t within which a zone keeps its offset from
// UTC, from start on and before end; zero is for ever. The next one may have the
// same offset. On the last day of a leap year the standard library tells of a
// period that is over already: it takes each year for 365 days. Nothing is set
// on that day, or it would have told of it.
func period(t time.Time) (start, end time.Time, offset time.Duration) {
	_, seconds := t.Zone()
	start, end = t.ZoneBounds()
	if start.After(t) {
		start = t
	}
	if !end.IsZero() && !end.After(t) {
		end = t.UTC().Truncate(day).Add(day).In(t.Location())
	}
	return start, end, time.Duration(seconds) * time.Second
}

// shown returns what the wall clock of a zone shows at t.
func shown(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// firstAt returns the first instant at which the wall clock of a zone shows w
// or more: the end of the leap if it leaps over w, the first of two if it shows
// w twice. It never goes back while w goes on, which is all that the planner
// rests on.
func firstAt(w time.Time, zone *time.Location) time.Time {
	for t := w.Add(-widest).In(zone); ; {
		_, end, offset := period(t)
		at := w.Add(-offset)
		if at.Before(t) {
			at = t
		}
		if end.IsZero() || at.Before(end) {
			return at.UTC()
		}
		t = end
	}
}

// reached returns the most that the wall clock of a zone has shown up to t:
// what it shows, unless it was set back and has not yet caught up. Then it is
// a tick before what it would have shown.
func reached(t time.Time, zone *time.Location) time.Time {
	most := shown(t, zone)
	for at := t.In(zone); ; {
		start, _, _ := period(at)
		if start.IsZero() || t.Sub(start) > 2*widest {
			return most
		}
		at = start.Add(-tick)
		if before := shown(at, zone); before.After(most) {
			most = before
		}
	}
}
