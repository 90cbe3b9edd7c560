package schedule

import "time"

// Next returns the first slot after a time, in UTC and on a whole second, and
// false when there is none: it is manual, or was once.
func (s Schedule) Next(after time.Time) (time.Time, bool) {
	switch s.form {
	case once:
		if s.at.After(after) {
			return s.at, true
		}
	case every:
		step := int64(s.step / time.Second)
		return time.Unix(floor(after.Unix(), step)+step, 0).UTC(), true
	case wall:
		if w, ok := s.following(reached(after, s.zone)); ok {
			return firstAt(w, s.zone), true
		}
	case hourly:
		return s.nextReal(after)
	case manual:
	}
	return time.Time{}, false
}

// nextReal returns the first instant after a time at which the wall clock shows
// what the fields name, be it for the first time or again.
func (s Schedule) nextReal(after time.Time) (time.Time, bool) {
	t := after.In(s.zone)
	for from := t; ; from = t.Add(-tick) {
		_, end, offset := period(t)
		w, ok := s.following(from.UTC().Add(offset))
		if !ok {
			return time.Time{}, false
		}
		if at := w.Add(-offset); end.IsZero() || at.Before(end) {
			return at, true
		}
		t = end
	}
}

// following returns what the wall clock shows next that the fields name.
func (s Schedule) following(w time.Time) (time.Time, bool) {
	today := w.Truncate(day)
	next, ok := s.day(today)
	if ok && next.Equal(today) {
		if at, ok := s.tod.after(w.Sub(today)); ok {
			return today.Add(at), true
		}
		next, ok = s.day(today.Add(day))
	}
	return next.Add(s.tod.first()), ok
}

// day returns the first day that the fields name, from one on. The library
// looks five years ahead, and 29 February can be eight away.
func (s Schedule) day(from time.Time) (time.Time, bool) {
	for range 3 {
		if next := s.days.Next(from.Add(-tick)); !next.IsZero() {
			return next, true
		}
		from = time.Date(from.Year()+5, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}, false
}

// floor returns the greatest multiple of step that is not above n.
func floor(n, step int64) int64 { return n - ((n%step)+step)%step }
