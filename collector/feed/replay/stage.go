package replay

import (
	"sync"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// bootedBefore is how long before the first event the upstream was started.
const bootedBefore = time.Minute

// A stage is the timeline as it runs: who is there, since when, and what time
// it is. All doors share it.
type stage struct {
	plan  plan
	need  int           // as many clients begin it
	begun chan struct{} // closed at the start; start does not change after
	parts int           // in which lines are said

	mu      sync.Mutex
	opened  time.Time
	start   time.Time
	present int
	freed   int           // parts
	more    chan struct{} // closed when there are more of these

	// Of a rushed plan, whose clock goes by what was said:
	front record.Instant // the latest time that was said to anyone,
	since time.Time      // when that was,
	runs  bool           // and whether somebody was told everything, so that the clock runs
}

func newStage(p plan, need int) *stage {
	return &stage{plan: p, need: need, begun: make(chan struct{}), front: p.first, parts: 1, freed: 1, more: make(chan struct{})}
}

// release frees one part more.
func (s *stage) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freed++
	close(s.more)
	s.more = make(chan struct{})
}

// free returns how many of so many events may be said, and what is closed when
// that grows.
func (s *stage) free(events int) (n int, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return events * min(s.freed, s.parts) / s.parts, s.more
}

// until returns how long an event has to wait from now on: never before the
// start. What is due already has not to wait.
func (s *stage) until(e *event, now time.Time) time.Duration {
	if !s.isBegun() {
		return never
	}
	return max(0, s.start.Add(e.due).Sub(now))
}

func (s *stage) isBegun() bool {
	select {
	case <-s.begun:
		return true
	default:
		return false
	}
}

// open says that the upstream was switched on.
func (s *stage) open(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = now
}

// An entrance is where in the timeline a client came in.
type entrance struct {
	late    bool           // after the start
	elapsed time.Duration  // since the start
	front   record.Instant // of a rushed plan: nothing before it is said any more
}

// enter lets a client in, which may be what begins the timeline.
func (s *stage) enter(now time.Time) entrance {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present++
	if !s.start.IsZero() {
		// A microsecond on, so that what was said at this very instant is not
		// said again to a client that returns.
		s.front, s.since = s.frontAt(now)+1, now
		return entrance{late: true, elapsed: now.Sub(s.start), front: s.front}
	}
	if s.present >= s.need {
		// Times on the wire are in microseconds; so is the start.
		s.start, s.since = now.Add(-time.Duration(now.Nanosecond()%1000)), now
		close(s.begun)
	}
	return entrance{front: s.front}
}

// leave lets a client out.
func (s *stage) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present--
}

// said tells that a client of a rushed plan was told everything up to at, and
// whether that was all there is.
func (s *stage) said(at record.Instant, all bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if front := s.frontAt(now); at > front || all && !s.runs {
		s.front, s.since = max(at, front), now
	}
	s.runs = s.runs || all
}

// clock returns the upstream's time.
func (s *stage) clock(now time.Time) record.Instant {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.plan.shift:
		return record.At(now)
	case s.start.IsZero():
		return s.plan.first
	case s.plan.rushed():
		return s.frontAt(now)
	}
	return s.plan.clock(now.Sub(s.start))
}

// booted returns since when the upstream runs, by its own clock. It is the
// same for every client that asks.
func (s *stage) booted() record.Instant {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plan.shift {
		return record.At(s.opened.Add(-bootedBefore))
	}
	return s.plan.first.Add(-bootedBefore)
}

func (s *stage) frontAt(now time.Time) record.Instant {
	if !s.runs {
		return s.front
	}
	return s.front.Add(now.Sub(s.since))
}
