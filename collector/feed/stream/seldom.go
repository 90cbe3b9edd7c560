package stream

import (
	"log/slog"
	"sync"
	"time"
)

// tellEvery is how often is logged at the most what anybody can cause.
const tellEvery = time.Minute

// Seldom logs what anybody can cause: the first at once, and then once a minute
// at the most, with how many there were since. The zero value has told nothing.
type Seldom struct {
	mu    sync.Mutex
	times int
	told  time.Time
}

// Warn logs what was not taken, and why.
func (s *Seldom) Warn(log *slog.Logger, what, why string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	if now := time.Now(); now.Sub(s.told) >= tellEvery {
		log.Warn(what, append(args, "why", why, "times", s.times)...) //nolint:sloglint // what is a constant of who calls
		s.told, s.times = now, 0
	}
}
