package ami

import (
	"context"
	"errors"
	"os"
	"time"
)

const (
	lastWordTime = 500 * time.Millisecond // in all, so that a mute upstream does not hold us up
	lastWordRest = 20 * time.Millisecond  // between the two: events overtake each other by some milliseconds
)

// lastWord proves that everything was heard up to now, when we leave by our
// own will: else a stretch of up to ten seconds would count as missed each
// time. An answer proves coverage up to the one before it, hence two.
func (s *session) lastWord(ctx context.Context) {
	if !s.pulse.begun {
		return
	}
	end := time.Now().Add(lastWordTime)
	if !s.lastPing(ctx, end) {
		return
	}
	s.hearUntil(ctx, time.Now().Add(lastWordRest), func() bool { return false })
	s.lastPing(ctx, end)
}

// lastPing sends a Ping and takes what comes until its answer, or the end.
func (s *session) lastPing(ctx context.Context, end time.Time) bool {
	// Whoever ends our context wakes our reads and writes by a deadline in the
	// past, maybe only now: therefore a second try.
	for range 2 {
		if s.conn.SetDeadline(end) != nil {
			return false
		}
		id, err := s.say("Ping")
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		s.pulse.sent(id, time.Now())
		return err == nil && s.hearUntil(ctx, end, func() bool { return s.pulse.id == "" })
	}
	return false
}

// hearUntil takes what comes until that is all, or the end. It reports which.
func (s *session) hearUntil(ctx context.Context, end time.Time, all func() bool) bool {
	s.in.wait = func() error {
		if !time.Now().Before(end) {
			return os.ErrDeadlineExceeded
		}
		return s.conn.SetReadDeadline(end)
	}
	for !all() {
		if s.next(ctx) != nil {
			return false
		}
	}
	return true
}
