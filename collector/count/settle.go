package count

import (
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const (
	// settleFor is how long a record is stored before it is counted: others
	// that the upstream said before it may come behind it.
	settleFor = time.Second
	// settleCoarse is for a time in whole seconds: what was said later within
	// that second bears the same.
	settleCoarse = 2 * time.Second
	// sightEvery is how far two sights that are remembered lie apart.
	sightEvery = 250 * time.Millisecond
)

// A sight is how far the feed had come at some time.
type sight struct {
	at    time.Time
	until record.Instant
}

// A settling knows how far the feed had come a second ago, by this server's
// clock.
type settling struct {
	sights []sight // in order of both
}

// saw notes how far the feed has come now.
func (s *settling) saw(now time.Time, end history.Horizon) {
	until, need := end.CoveredUntil, settleFor
	if end.Newest >= until && end.Newest > 0 {
		until = end.Newest + 1
		if end.Newest%record.Second == 0 {
			need = settleCoarse
		}
	}
	at := now.Add(need)
	if n := len(s.sights); n > 0 {
		last := s.sights[n-1]
		if until <= last.until {
			return
		}
		if n > 1 && at.Sub(last.at) < sightEvery {
			return // it is seen again soon
		}
		if at.Before(last.at) {
			at = last.at
		}
	}
	s.sights = append(s.sights, sight{at, until})
}

// settled returns how far it may be counted now, 0 for nowhere.
func (s *settling) settled(now time.Time) record.Instant {
	n := 0
	for n < len(s.sights) && !now.Before(s.sights[n].at) {
		n++
	}
	if n == 0 {
		return 0
	}
	s.sights = s.sights[n-1:] // the last one is remembered: it is not seen again
	return s.sights[0].until
}

// next returns when it may be counted further than now.
func (s *settling) next(now time.Time) (time.Time, bool) {
	for _, one := range s.sights {
		if one.at.After(now) {
			return one.at, true
		}
	}
	return time.Time{}, false
}
