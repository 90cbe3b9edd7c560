package watch

import (
	"fmt"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// A Measure is what a threshold watches.
type Measure string

// The measures. Limits are seconds; Count is how many may be.
const (
	Waiting           Measure = "waiting"              // more than Count callers wait, for Limit
	LongestWait       Measure = "longest_wait"         // a caller waits for longer than Limit
	Abandoned         Measure = "abandoned"            // more than Count gave up in the interval, after more than Limit
	ServiceLevel      Measure = "service_level"        // below Percent in the interval, once more than Count calls ended
	AverageWait       Measure = "average_wait"         // of the interval's answered calls above Limit, once they are more than Count
	RingNoAnswer      Measure = "ring_no_answer"       // of a queue: more than Count in the interval, each longer than Limit
	AgentRingNoAnswer Measure = "agent_ring_no_answer" // of an agent, likewise
	AgentState        Measure = "agent_state"          // an agent is in State for longer than Limit
	FeedSilent        Measure = "feed_silent"          // a feed says nothing for longer than Limit
)

// Measures returns all, in the order in which people are shown them.
func Measures() []Measure {
	return []Measure{
		Waiting, LongestWait, Abandoned, ServiceLevel, AverageWait,
		RingNoAnswer, AgentRingNoAnswer, AgentState, FeedSilent,
	}
}

// Of returns what a measure is of: "queue", "agent" or "feed".
func (m Measure) Of() string {
	switch m {
	case Waiting, LongestWait, Abandoned, ServiceLevel, AverageWait, RingNoAnswer:
		return "queue"
	case AgentRingNoAnswer, AgentState:
		return "agent"
	case FeedSilent:
	}
	return "feed"
}

// Counted tells whether it is of what was counted, and not of what stands now.
func (m Measure) Counted() bool {
	switch m {
	case Abandoned, ServiceLevel, AverageWait, RingNoAnswer, AgentRingNoAnswer:
		return true
	case Waiting, LongestWait, AgentState, FeedSilent:
	}
	return false
}

// Names are those that a threshold is for; nil is for all.
type Names map[string]bool

func (n Names) hold(name string) bool { return n == nil || n[name] }

// A Threshold is a limit. What lasts (LongestWait, AgentState, FeedSilent)
// crosses it when it happened more than Count times in an interval.
type Threshold struct {
	Key, Name string // Name: "" if it has none
	Measure   Measure
	Limit     int64 // seconds, 0 to 28,800
	Count     int64 // 0 to 999; 0: the first time crosses
	Percent   int64 // of ServiceLevel
	State     string
	Reason    string // of a pause; "": whatever
	Feed      string // "": each
	Names     Names  // the queues or agents that it is for
	Severity  string
}

// Title returns what people call the threshold.
func (t Threshold) Title() string {
	if t.Name != "" {
		return t.Name
	}
	return t.Key
}

func (t Threshold) limit() record.Instant { return record.Instant(t.Limit) * record.Second }

// Levels are the service levels that thresholds leave to the site: a call is
// answered well within so many seconds. Each is one of acd.Bins.
type Levels struct {
	Standard int64
	Queues   map[string]int64 // where a queue has its own
}

func (l Levels) of(queue string) int64 {
	if own := l.Queues[queue]; own != 0 {
		return own
	}
	return l.Standard
}

// String says what happened, in one line, names as the feed has them.
func (c Crossing) String() string {
	t := c.Threshold
	who := fmt.Sprintf("%s %q", t.Measure.Of(), c.Object)
	if c.Object == "" {
		who = fmt.Sprintf("feed %q", c.Feed)
	}
	switch t.Measure {
	case Waiting:
		return fmt.Sprintf("%s: %d callers wait, more than %d%s", who, c.Value, t.Count, held(t.Limit))
	case LongestWait:
		return fmt.Sprintf("%s: a caller has waited for %d s, longer than %d s%s", who, c.Value, t.Limit, times(t.Count))
	case Abandoned:
		return fmt.Sprintf("%s: %d callers gave up%s in the interval, more than %d", who, c.Value, after(t.Limit), t.Count)
	case ServiceLevel:
		return fmt.Sprintf("%s: the service level of the interval is %d %%, below %d %%", who, c.Value, t.Percent)
	case AverageWait:
		return fmt.Sprintf("%s: callers of the interval waited for %d s on average, longer than %d s", who, c.Value, t.Limit)
	case RingNoAnswer, AgentRingNoAnswer:
		return fmt.Sprintf("%s: %d calls rang in vain%s in the interval, more than %d", who, c.Value, after(t.Limit), t.Count)
	case AgentState:
		return fmt.Sprintf("%s: %s for %d s, longer than %d s%s", who, stateOf(t), c.Value, t.Limit, times(t.Count))
	case FeedSilent:
	}
	return fmt.Sprintf("%s: no record for %d s, longer than %d s%s", who, c.Value, t.Limit, times(t.Count))
}

func stateOf(t Threshold) string {
	if t.Reason != "" {
		return fmt.Sprintf("%s (%s)", t.State, t.Reason)
	}
	return t.State
}

func held(limit int64) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf(" for %d s", limit)
}

func after(limit int64) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf(" after more than %d s", limit)
}

func times(count int64) string {
	if count == 0 {
		return ""
	}
	return fmt.Sprintf(", more than %d times in the interval", count)
}

// longer returns how many of the waits, which are all in number, were longer
// than a limit that is 0 or one of acd.Bins.
func longer(waits acd.Waits, all, limit int64) int64 {
	return all - within(waits, limit)
}

// within returns how many were not.
func within(waits acd.Waits, limit int64) int64 {
	var n int64
	for i, bin := range acd.Bins() {
		if int64(bin) <= limit {
			n += waits[i]
		}
	}
	return n
}
