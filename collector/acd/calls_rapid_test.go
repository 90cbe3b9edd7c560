package acd_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// A teller says what AMI says of callers, and counts by itself what it says.
type teller struct {
	t      *rapid.T
	tells  bool // of outcomes
	events []acd.Event
	want   map[string]map[string]int64
}

func (s *teller) say(second int, of acd.Type, queue, leg string, e acd.Event) {
	e.At, e.Type, e.Queue, e.Leg = eight+record.Instant(second)*record.Second, of, queue, leg
	s.events = append(s.events, e)
}

func (s *teller) count(queue, column string, n int64) {
	name := "2026-11-21T08:00:00Z " + queue
	if s.want[name] == nil {
		s.want[name] = map[string]int64{}
	}
	s.want[name][column] += n
}

// outcome is told unless the site does not listen.
func (s *teller) outcome(second int, leg, why string) {
	if s.tells {
		s.say(second, acd.Outcome, "elsewhere", leg, acd.Event{Reason: why})
	}
}

// caller lets one go through some queues, until hanging up.
func (s *teller) caller(leg string) {
	second := rapid.IntRange(0, 300).Draw(s.t, "begin")
	last := ""
	for visits := rapid.IntRange(1, 3).Draw(s.t, "visits"); visits > 0; visits-- {
		if s.tells && rapid.IntRange(0, 9).Draw(s.t, "full") == 0 {
			s.say(second, acd.Outcome, "tiny", leg, acd.Event{Reason: "full"})
			s.count("tiny", "refused", 1)
		}
		queue := rapid.SampledFrom([]string{"sales", "night"}).Draw(s.t, "queue")
		wait := rapid.IntRange(1, 30).Draw(s.t, "wait")
		s.say(second, acd.Offered, queue, leg, acd.Event{})
		s.count(queue, "offered", 1)
		second += wait
		last = s.ends(second, wait, queue, leg)
		if last == "abandoned" {
			break
		}
		if last == "answered" {
			second++
		}
		second += rapid.SampledFrom([]int{0, 0, 1, 20}).Draw(s.t, "between")
	}
	did := "Hangup"
	if last == "abandoned" {
		did = "Queue"
	}
	s.say(second, acd.CallLeg, "", leg, acd.Event{Record: &acd.CDR{Application: did}})
}

// ends ends a wait in some way and says in which.
func (s *teller) ends(second, wait int, queue, leg string) string {
	how := rapid.SampledFrom([]string{"abandoned", "timed_out", "exit_empty", "exit_key", "answered"}).Draw(s.t, "how")
	if how == "exit_empty" && !s.tells {
		how = "timed_out" // nobody could tell
	}
	s.say(second, acd.Left, queue, leg, acd.Event{})
	length := acd.Spanning(record.Instant(wait) * record.Second)
	switch how {
	case "answered":
		s.answered(second, wait, queue, leg)
		return how
	case "exit_key":
	default:
		s.say(second, acd.Abandoned, queue, leg, acd.Event{Wait: length})
	}
	s.count(queue, how, 1)
	switch how {
	case "abandoned":
		s.count(queue, "abandoned_wait_s", int64(wait))
		if wait <= 20 {
			s.count(queue, "abandoned_within", 1)
		}
	case "timed_out":
		s.outcome(second, leg, "timeout")
	case "exit_empty":
		s.outcome(second, leg, "leaveempty")
	}
	return how
}

// answered is an answer and a talk of a second, which ends by a transfer,
// perhaps to the next queue.
func (s *teller) answered(second, wait int, queue, leg string) {
	s.say(second, acd.Answered, queue, leg, acd.Event{Agent: "Ana", Wait: acd.Spanning(record.Instant(wait) * record.Second)})
	s.say(second+1, acd.Completed, queue, leg, acd.Event{Agent: "Ana", Reason: "transfer"})
	s.count(queue, "answered", 1)
	s.count(queue, "answered_wait_s", int64(wait))
	s.count(queue, "completed", 1)
	s.count(queue, "transferred", 1)
	if wait <= 20 {
		s.count(queue, "answered_within", 1)
	}
}

// However disordered AMI tells within 4 ms what callers went through, each
// wait is counted for what it was.
func TestWaitsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := teller{t: t, tells: rapid.Bool().Draw(t, "outcomes"), want: map[string]map[string]int64{}}
		if s.tells {
			s.say(0, acd.Outcome, "tiny", "1.0", acd.Event{Reason: "full"})
			s.count("tiny", "refused", 1)
		}
		for i := range rapid.IntRange(1, 4).Draw(t, "callers") {
			s.caller(fmt.Sprintf("1.%d", i+1))
		}
		for i := range s.events {
			s.events[i].At += record.Instant(rapid.IntRange(0, 4000).Draw(t, "late"))
		}
		slices.SortStableFunc(s.events, func(a, b acd.Event) int { return cmp.Compare(a.At, b.At) })
		got := columns(until("ami", s.events, record.Hour).Queues)
		for _, row := range got {
			delete(row, "answered_wait_max_s")
		}
		if diff := gocmp.Diff(s.want, got); diff != "" {
			t.Errorf("counted by who tells, folded: %s", diff)
		}
	})
}
