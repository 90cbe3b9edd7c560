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

// Period returns the time from the slot before a time, or at it, to the one
// after: 0 where one of them is missing.
func (s Schedule) Period(at time.Time) time.Duration {
	after, ok := s.Next(at)
	if !ok {
		return 0
	}
	before, ok := s.last(at)
	if !ok {
		return 0
	}
	return after.Sub(before)
}

// last returns the last slot that is not after a time. No two slots of fields
// lie further apart than eight years and some.
func (s Schedule) last(at time.Time) (time.Time, bool) {
	const farthest = 13 * maxStep
	passed := func(from time.Time) bool { next, ok := s.Next(from); return ok && !next.After(at) }
	back := time.Second
	for !passed(at.Add(-back)) {
		if back *= 2; back > farthest {
			return time.Time{}, false
		}
	}
	lo, hi := at.Add(-back), at // there is one after lo, and none after hi
	for hi.Sub(lo) > time.Second {
		if mid := lo.Add(hi.Sub(lo) / 2); passed(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return s.Next(lo)
}

// Preview returns up to n slots after a time at which it is open; nil is always
// open. Where it is hardly ever open it gives up, with what it found: after half
// a million slots, or ten years.
func Preview(s Schedule, open func(time.Time) bool, after time.Time, n int) []time.Time {
	const enough = 500_000
	var found []time.Time
	end := after.AddDate(10, 0, 0)
	for range enough {
		next, ok := s.Next(after)
		if !ok || len(found) >= n || next.After(end) {
			break
		}
		if open == nil || open(next) {
			found = append(found, next)
		}
		after = next
	}
	return found
}
