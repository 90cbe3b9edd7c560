package acd

import "github.com/twinctl/twin/collector/record"

// Bins are the limits, in seconds, that waits are kept by: how many waits were
// at most so long, and longer than the limit before. A service level is one of
// these.
func Bins() []int {
	return []int{5, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120, 180, 240, 300, 600}
}

// Waits counts waits by the first of Bins that they do not exceed; the last
// place is for all that are longer.
type Waits [16]int64

// QueueCounts is what was counted of a queue. All lengths are microseconds.
type QueueCounts struct {
	Offered, Refused              int64
	Answered, Abandoned, TimedOut int64
	ExitKey, ExitEmpty, Lost      int64 // Lost: the end of the call never came
	Transferred, Completed        int64
	RingNoAnswer                  int64
	AnsweredWait, AnsweredWaitMax record.Instant
	AbandonedWait, Talk           record.Instant
	AnsweredWaits, AbandonedWaits Waits
	RingsNoAnswer                 Waits // by how long it rang: for ring_no_answer_min
}

// AgentCounts is what was counted of an agent. Lengths are a union over the
// agent's queues, cut at the interval's borders, in microseconds.
type AgentCounts struct {
	FirstLogin, LastLogout                    record.Instant // 0: none in the interval
	Staffed, Available, Paused                record.Instant
	Ringing, Talk, OtherCall, WrapUp, Unknown record.Instant
	PausedFor                                 map[string]record.Instant // by reason
	Answered, RingNoAnswer, RingCancelled     int64
	Transferred, Completed                    int64
	Handled                                   record.Instant // talk of the calls that were completed, for aht_s
	RingsNoAnswer                             Waits
}

// A QueueRow is an interval of a queue.
type QueueRow struct {
	Start  record.Instant // of the interval that is counted in
	Queue  string
	Counts QueueCounts
}

// An AgentRow is an interval of an agent.
type AgentRow struct {
	Start  record.Instant
	Agent  string
	Counts AgentCounts
}

// Counted is what the records of one interval told. Nearly all of it is of
// that interval; what corrects an earlier one (how a wait had ended, told
// late) has that one's Start and may have counts below zero. A report sums.
type Counted struct {
	Queues []QueueRow
	Agents []AgentRow
}

// count puts a wait into its place n times. One of unknown length has none.
func (w *Waits) count(length Span, n int64) {
	if !length.Known {
		return
	}
	for i, limit := range Bins() {
		if length.Length <= record.Instant(limit)*record.Second {
			w[i] += n
			return
		}
	}
	w[len(w)-1] += n
}

// zero says whether nothing was counted.
func (c *AgentCounts) zero() bool {
	return len(c.PausedFor) == 0 && c.FirstLogin|c.LastLogout == 0 &&
		c.Staffed|c.Available|c.Paused|c.Ringing|c.Talk|c.OtherCall|c.WrapUp|c.Unknown|c.Handled == 0 &&
		c.Answered|c.RingNoAnswer|c.RingCancelled|c.Transferred|c.Completed == 0 && c.RingsNoAnswer == Waits{}
}
