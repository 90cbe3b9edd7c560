package app

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	sieveEvery = time.Minute
	sieveMost  = 20 // rows with one message that are stored in that time
)

// A sieve keeps one thing that goes wrong again and again from pushing all else
// out of the rows: somebody else may be able to make it happen at will. What is
// said is our own text, so that there are few of them.
type sieve struct {
	since time.Time
	said  map[string]int // by message
}

// sift returns what to store of the entries, and of what was left out since the
// last while began how many there were, once that is over or everything is (last).
func (s *sieve) sift(entries []node.Entry, now time.Time, last bool) []node.Entry {
	var kept []node.Entry
	for _, e := range entries {
		if s.said[e.Message]++; s.said[e.Message] <= sieveMost {
			kept = append(kept, e)
		}
	}
	if now.Sub(s.since) < sieveEvery && !last {
		return kept
	}
	for _, message := range slices.Sorted(maps.Keys(s.said)) {
		if more := s.said[message] - sieveMost; more > 0 {
			kept = append(kept, left(message, more, now))
		}
	}
	s.since = now
	clear(s.said)
	return kept
}

// left says how often something more was said.
func left(message string, times int, now time.Time) node.Entry {
	attrs, err := json.Marshal(map[string]int{"times": times})
	if err != nil { // a number can always be written
		attrs = []byte(`{}`)
	}
	return node.Entry{At: record.At(now), Level: slog.LevelWarn, Message: "and more: " + message, Attrs: attrs}
}
