package watch

import (
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// of returns what is remembered of an object that exceeds a limit now.
func (w *Watch) of(now record.Instant, o object) *lasting {
	l := w.lasting[o]
	if l == nil {
		l = &lasting{}
		w.lasting[o] = l
	}
	l.at = now
	if start := acd.Interval(now); l.start != start {
		l.start, l.seen = start, map[record.Instant]bool{}
	}
	return l
}

// occurs takes note that something lasts longer than it may, since then, and
// tells whether that crosses the threshold now.
func (w *Watch) occurs(c *Crossing, name string) bool {
	o := object{c.Threshold.Key, c.Feed, name}
	l := w.of(c.At, o)
	if l.last == c.Since {
		return false // it was told when it crossed
	}
	if int64(len(l.seen)) <= c.Threshold.Count {
		l.seen[c.Since] = true
	}
	here := interval{o, l.start}
	if int64(len(l.seen)) <= c.Threshold.Count || w.counted[here] {
		return false
	}
	w.counted[here], l.last, c.Start = true, c.Since, l.start
	return true
}

func (w *Watch) lines(now record.Instant, t Threshold, s Sight) (crossed []Crossing) {
	if !s.Heard {
		return nil
	}
	for _, q := range s.Lines {
		if !t.Names.hold(q.Queue) {
			continue
		}
		c := Crossing{Threshold: t, At: now, Feed: s.Feed, Object: q.Queue}
		if t.Measure == Waiting {
			if w.crowded(&c, q) {
				crossed = append(crossed, c)
			}
			continue
		}
		c.Since, c.Value = q.Longest, seconds(now-q.Longest)
		if q.Longest != 0 && now-q.Longest > t.limit() && w.occurs(&c, q.Queue) {
			crossed = append(crossed, c)
		}
	}
	return crossed
}

// crowded judges how many wait, which is one occurrence from the first moment
// at which they are too many to the last.
func (w *Watch) crowded(c *Crossing, q Line) bool {
	o := object{c.Threshold.Key, c.Feed, q.Queue}
	if q.Waiting <= c.Threshold.Count {
		if l := w.lasting[o]; l != nil {
			l.begun = 0
		}
		return false
	}
	l := w.of(c.At, o)
	if l.begun == 0 {
		l.begun = c.At
	}
	here := interval{o, l.start}
	if c.At-l.begun < c.Threshold.limit() || l.last == l.begun || w.counted[here] {
		return false
	}
	w.counted[here], l.last = true, l.begun
	c.Start, c.Since, c.Value = l.start, l.begun, q.Waiting
	return true
}

func (w *Watch) agents(now record.Instant, t Threshold, s Sight) (crossed []Crossing) {
	if !s.Heard {
		return nil
	}
	for _, a := range s.Agents {
		fits := a.State == t.State && (t.Reason == "" || t.Reason == a.Reason) && t.Names.hold(a.Agent)
		if !fits || a.Since == 0 || now-a.Since <= t.limit() {
			continue
		}
		c := Crossing{Threshold: t, At: now, Feed: s.Feed, Object: a.Agent, Since: a.Since, Value: seconds(now - a.Since)}
		if w.occurs(&c, a.Agent) {
			crossed = append(crossed, c)
		}
	}
	return crossed
}

// silent judges a feed also while it is not heard: that nothing comes is what
// it is about.
func (w *Watch) silent(now record.Instant, t Threshold, s Sight) []Crossing {
	if s.Last == 0 || now-s.Last <= t.limit() {
		return nil
	}
	c := Crossing{Threshold: t, At: now, Feed: s.Feed, Since: s.Last, Value: seconds(now - s.Last)}
	if !w.occurs(&c, "") {
		return nil
	}
	return []Crossing{c}
}

// queues judges what was counted.
func (w *Watch) queues(now record.Instant, t Threshold, s Sight, levels Levels) (crossed []Crossing) {
	for _, row := range s.Queues {
		if !t.Names.hold(row.Queue) {
			continue
		}
		if value, is := crossedBy(t, row, levels); is {
			crossed = w.once(crossed, Crossing{Threshold: t, At: now, Start: row.Start, Feed: s.Feed, Object: row.Queue, Value: value})
		}
	}
	return crossed
}

// rings judges what was counted of agents.
func (w *Watch) rings(now record.Instant, t Threshold, s Sight) (crossed []Crossing) {
	for _, row := range s.Counts {
		value := longer(row.Counts.RingsNoAnswer, row.Counts.RingNoAnswer, t.Limit)
		if t.Names.hold(row.Agent) && value > t.Count {
			crossed = w.once(crossed, Crossing{Threshold: t, At: now, Start: row.Start, Feed: s.Feed, Object: row.Agent, Value: value})
		}
	}
	return crossed
}

// once adds a crossing of an interval that was not told yet.
func (w *Watch) once(crossed []Crossing, c Crossing) []Crossing {
	here := interval{object{c.Threshold.Key, c.Feed, c.Object}, c.Start}
	if w.counted[here] || c.At-c.Start > 2*remembered { // an older one was counted anew
		return crossed
	}
	w.counted[here] = true
	return append(crossed, c)
}

// crossedBy tells what a queue has reached in an interval, and whether that is
// beyond the threshold.
func crossedBy(t Threshold, row acd.QueueRow, levels Levels) (value int64, is bool) {
	q := row.Counts
	switch t.Measure {
	case Abandoned:
		value = longer(q.AbandonedWaits, q.Abandoned, t.Limit)
		return value, value > t.Count
	case RingNoAnswer:
		value = longer(q.RingsNoAnswer, q.RingNoAnswer, t.Limit)
		return value, value > t.Count
	case AverageWait:
		if q.Answered <= t.Count || q.Answered <= 0 {
			return 0, false
		}
		average := q.AnsweredWait / record.Instant(q.Answered)
		return seconds(average), average > t.limit()
	case ServiceLevel:
		limit := t.Limit
		if limit == 0 {
			limit = levels.of(row.Queue)
		}
		ended := q.Answered + q.Abandoned
		if ended <= t.Count || ended <= 0 {
			return 0, false
		}
		good := 100 * within(q.AnsweredWaits, limit)
		return good / ended, good < t.Percent*ended
	case Waiting, LongestWait, AgentState, AgentRingNoAnswer, FeedSilent:
	}
	return 0, false
}

func seconds(length record.Instant) int64 { return int64(length / record.Second) }
