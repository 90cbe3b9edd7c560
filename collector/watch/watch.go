// Package watch is thresholds: what is seen of the feeds now and what was
// counted of their intervals go in, and the limits that were crossed come out,
// each once in an interval. It is pure: it is told the time, and forgets what
// it need not remember.
//
// What is measured now (callers who wait, states of agents) is judged by this
// server's clock, and only while the feed is heard: a state that nobody hears
// of any more may be over. What is counted is judged by the upstream's.
// Something that lasts (a caller who waits, an agent who is paused) is one
// occurrence however long it lasts, and crosses a threshold once.
package watch

import (
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

const (
	// most is how many crossings of one threshold an interval may have: where
	// there are more the threshold is wrong, or the feed is hostile.
	most = 200
	// remembered is for how long what no longer crosses is.
	remembered = 2 * acd.IntervalWidth
)

// A Sight is what is seen of one feed at a moment.
type Sight struct {
	Feed   string
	Heard  bool           // it is live: Lines and Agents hold
	Last   record.Instant // its newest record; 0: there never was one
	Lines  []Line
	Agents []Agent
	// What was counted of the intervals that can still be crossed: the one that
	// is going on and the one before.
	Queues []acd.QueueRow
	Counts []acd.AgentRow
}

// A Line is who waits in a queue.
type Line struct {
	Queue   string
	Waiting int64
	Longest record.Instant // since when the one waits who waits longest; 0: nobody
}

// An Agent is in a state.
type Agent struct {
	Agent  string
	State  string // an acd.Standing
	Since  record.Instant
	Reason string // of a pause
}

// A Crossing is a fact: a threshold was crossed.
type Crossing struct {
	Threshold Threshold
	At        record.Instant
	Start     record.Instant // of the interval that it is counted in
	Since     record.Instant // what lasts began; 0: it was counted
	Feed      string
	Object    string // the queue or agent; "" where the feed itself is meant
	Value     int64  // that was reached: calls, seconds or percent
}

// A Watch remembers what it has told. The zero Watch has told nothing.
type Watch struct {
	lasting map[object]*lasting
	counted map[interval]bool
	told    map[interval]int // crossings of a threshold, whatever the object
}

// An object is what a threshold is held against.
type object struct{ threshold, feed, name string }

type interval struct {
	object

	start record.Instant
}

// lasting is what is remembered of an object that exceeds a limit now.
type lasting struct {
	begun record.Instant          // more waited than may, from then on; 0: they do not
	start record.Instant          // of the interval that seen is of
	seen  map[record.Instant]bool // occurrences, by their beginning
	last  record.Instant          // the one that was told
	at    record.Instant          // looked at then
}

// Look returns what is crossed now and was not told yet, in the order of the
// thresholds and of what is seen, and how many crossings it left out because
// their threshold has too many.
func (w *Watch) Look(now record.Instant, levels Levels, thresholds []Threshold, seen []Sight) (crossed []Crossing, more int) {
	w.forget(now)
	for _, t := range thresholds {
		for _, s := range seen {
			if t.Feed != "" && t.Feed != s.Feed {
				continue
			}
			for _, c := range w.judge(now, t, s, levels) {
				if w.tells(c) {
					crossed = append(crossed, c)
				} else {
					more++
				}
			}
		}
	}
	return crossed, more
}

// tells counts a crossing, and refuses it where there are too many.
func (w *Watch) tells(c Crossing) bool {
	of := interval{object{threshold: c.Threshold.Key}, c.Start}
	w.told[of]++
	return w.told[of] <= most
}

func (w *Watch) judge(now record.Instant, t Threshold, s Sight, levels Levels) []Crossing {
	switch t.Measure {
	case Waiting, LongestWait:
		return w.lines(now, t, s)
	case AgentState:
		return w.agents(now, t, s)
	case FeedSilent:
		return w.silent(now, t, s)
	case Abandoned, ServiceLevel, AverageWait, RingNoAnswer:
		return w.queues(now, t, s, levels)
	case AgentRingNoAnswer:
		return w.rings(now, t, s)
	}
	return nil
}

// forget drops what neither lasts nor can be counted any more.
func (w *Watch) forget(now record.Instant) {
	if w.lasting == nil {
		w.lasting, w.counted, w.told = map[object]*lasting{}, map[interval]bool{}, map[interval]int{}
	}
	for o, l := range w.lasting {
		if now-l.at > remembered {
			delete(w.lasting, o)
		}
	}
	for i := range w.counted {
		if now-i.start > 2*remembered {
			delete(w.counted, i)
		}
	}
	for i := range w.told {
		if now-i.start > 2*remembered {
			delete(w.told, i)
		}
	}
}
