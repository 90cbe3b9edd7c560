package acd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

// show writes a state in a line: queues with who waits since when, and agents
// by standing in them; then agents.
func show(s LiveState) string {
	var b strings.Builder
	for _, q := range s.Queues {
		fmt.Fprintf(&b, "%s %d", q.Queue, q.Waiting)
		if q.Waiting > 0 {
			fmt.Fprintf(&b, "@%d", q.LongestSince/record.Second)
		}
		for _, standing := range []Standing{Talking, BeingRung, OnOtherCall, Away, OnPause, Available} {
			if n := q.Agents[standing]; n > 0 {
				fmt.Fprintf(&b, " %s=%d", standing, n)
			}
		}
		b.WriteString("; ")
	}
	for _, a := range s.Agents {
		fmt.Fprintf(&b, "%s %s@%d", a.Agent, a.Standing, a.Since/record.Second)
		for _, more := range []string{a.Queue, a.Reason} {
			if more != "" {
				b.WriteString(" " + more)
			}
		}
		if len(a.Interfaces) > 1 {
			b.WriteString(" " + strings.Join(a.Interfaces, "+"))
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// heard returns a Live that was told these events, a second apart from 1 on
// unless they say when.
func heard(events ...Event) *Live {
	l := NewLive()
	for i, e := range events {
		if e.At == 0 {
			e.At = record.Instant(i+1) * record.Second
		}
		l.Add(e)
	}
	return l
}

func TestLive(t *testing.T) {
	yes, no := true, false
	join := func(leg, queue string) Event { return Event{Type: Offered, Leg: leg, Queue: queue} }
	of := func(what Type, leg, queue, agent string) Event {
		return Event{Type: what, Leg: leg, Queue: queue, Agent: agent}
	}
	state := func(queue, agent, phone string, d Device, paused *bool) Event {
		return Event{Type: AgentState, Queue: queue, Agent: agent, Interface: phone, Device: d, Paused: paused}
	}
	login := func(queue, agent, phone string) Event {
		return Event{Type: LoggedIn, Queue: queue, Agent: agent, Interface: phone, Paused: &no}
	}
	pause := func(what Type, queue, agent, why string) Event {
		return Event{Type: what, Queue: queue, Agent: agent, Reason: why}
	}
	at := func(seconds float64, e Event) Event { e.At = record.Instant(seconds * 1e6); return e }
	for name, c := range map[string]struct {
		events []Event
		want   string
	}{
		"nothing":                     {nil, ""},
		"who joined first is longest": {[]Event{join("1", "a"), join("2", "a"), join("3", "b")}, "a 2@1; b 1@3"},
		"told twice":                  {[]Event{join("1", "a"), at(1, join("1", "a"))}, "a 1@1"},
		"abandoned, and left":         {[]Event{join("1", "a"), join("2", "a"), of(Abandoned, "1", "a", ""), of(Left, "1", "a", "")}, "a 1@2"},
		"left by time-out":            {[]Event{join("1", "a"), of(TimedOut, "1", "a", "")}, "a 0"},
		"into another queue": {
			[]Event{join("1", "a"), at(2, of(Left, "1", "a", "")), at(2, join("1", "b"))}, "a 0; b 1@2",
		},
		"into another queue, told before the leaving": {
			[]Event{join("1", "a"), at(2.001, join("1", "b")), at(2, of(Left, "1", "a", ""))}, "a 0; b 1@2",
		},
		"into the same queue again, told before the leaving": {
			[]Event{join("1", "a"), at(2.001, join("1", "a")), at(2, of(Left, "1", "a", ""))}, "a 1@2",
		},
		"left before the joining was told": {[]Event{at(1.001, of(Left, "1", "a", "")), at(1, join("1", "a"))}, "a 0"},
		"the clock was set back":           {[]Event{at(9000, join("1", "a")), at(8000, of(Left, "1", "a", "")), at(7000, join("1", "a"))}, "a 1@7000"},
		"rings, and is answered": {
			[]Event{join("1", "a"), of(Called, "1", "a", "Ana"), of(Called, "1", "a", "Ben"), of(Answered, "1", "a", "Ben")},
			"a 0 talk=1 available=1; Ana available@4; Ben talk@4 a",
		},
		"rings in vain": {
			[]Event{join("1", "a"), of(Called, "1", "a", "Ana"), of(RingNoAnswer, "1", "a", "Ana")}, "a 1@1 available=1; Ana available@3",
		},
		"rings until the caller leaves": {
			[]Event{join("1", "a"), of(Called, "1", "a", "Ana"), of(Abandoned, "1", "a", "")}, "a 0 available=1; Ana available@3",
		},
		"rings no more for who has left": {
			[]Event{join("1", "a"), at(2.001, of(Left, "1", "a", "")), at(2, of(Called, "1", "a", "Ana"))}, "a 0 available=1; Ana available@2",
		},
		"talked, and talks again": {
			[]Event{of(Answered, "1", "a", "Ana"), of(Completed, "1", "a", "Ana"), of(Answered, "2", "b", "Ana")},
			"a 0 talk=1; b 0 talk=1; Ana talk@3 b",
		},
		"talks to the next, though the end was never told": {
			[]Event{of(Answered, "1", "a", "Ana"), of(Answered, "2", "a", "Ana"), of(Completed, "2", "a", "Ana")}, "a 0 available=1; Ana available@3",
		},
		"added, paused and removed": {
			[]Event{login("a", "Ana", "1"), login("b", "Ana", "1"), pause(Paused, "a", "Ana", "Lunch"), pause(Paused, "b", "Ana", "Lunch")},
			"a 0 paused=1; b 0 paused=1; Ana paused@3 Lunch",
		},
		"paused in one queue only": {
			[]Event{login("a", "Ana", "1"), login("b", "Ana", "1"), pause(Paused, "a", "Ana", "Lunch")},
			"a 0 paused=1; b 0 available=1; Ana paused@3 Lunch",
		},
		"paused in two queues for different reasons": {
			[]Event{login("a", "Ana", "1"), login("b", "Ana", "1"), pause(Paused, "b", "Ana", "Lunch"), pause(Paused, "a", "Ana", "Talk")},
			"a 0 paused=1; b 0 paused=1; Ana paused@3 Talk",
		},
		"a talk is over when the phone falls idle": {
			[]Event{of(Answered, "1", "a", "Ana"), state("a", "Ana", "1", InUse, &no), at(9, state("a", "Ana", "1", Idle, &no))},
			"a 0 available=1; Ana available@9",
		},
		"but not right after the answer, nor if it was never in use": {
			[]Event{
				of(Answered, "1", "a", "Ana"), state("a", "Ana", "1", InUse, &no), at(2.5, state("a", "Ana", "1", Idle, &no)),
				at(1, of(Answered, "2", "a", "Ben")), at(9, state("a", "Ben", "2", Idle, &no)),
			},
			"a 0 talk=2; Ana talk@1 a; Ben talk@1 a",
		},
		"paused in all": {
			[]Event{login("a", "Ana", "1"), login("b", "Ana", "1"), pause(Paused, "", "Ana", "Lunch"), pause(Unpaused, "", "Ana", "")},
			"a 0 available=1; b 0 available=1; Ana available@4",
		},
		"removed from all": {
			[]Event{login("a", "Ana", "1"), login("b", "Ana", "1"), of(LoggedOut, "", "a", "Ana"), of(LoggedOut, "", "b", "Ana")}, "a 0; b 0",
		},
		"a state that was told late does not add again": {
			[]Event{login("a", "Ana", "1"), at(2.001, of(LoggedOut, "", "a", "Ana")), at(2, state("a", "Ana", "", Idle, &no))}, "a 0",
		},
		"logged in twice": {
			[]Event{login("a", "Ana", "SIP/1"), login("b", "Ana", "SIP/2"), state("b", "Ana", "SIP/2", Unreachable, nil)},
			"a 0 available=1; b 0 available=1; Ana available@1 SIP/1+SIP/2",
		},
		"one of two logins ends": {
			[]Event{login("a", "Ana", "SIP/1"), login("a", "Ana", "SIP/2"), {Type: LoggedOut, Queue: "a", Agent: "Ana", Interface: "SIP/1"}},
			"a 0 available=1; Ana available@1",
		},
		"logged in, and not of any queue": {[]Event{login("", "Agent/7", "SIP/1")}, "Agent/7 available@1"},
		"the phone's state": {
			[]Event{state("a", "Ana", "1", InUse, &no), state("a", "Ben", "2", Unreachable, &no), state("a", "Cem", "3", Ringing, &no), state("a", "Dua", "4", Idle, &yes)},
			"a 0 ringing=1 other_call=1 unreachable=1 paused=1; Ana other_call@1; Ben unreachable@2; Cem ringing@3; Dua paused@4",
		},
		"a state that was overtaken": {
			[]Event{at(1.001, state("a", "Ana", "1", Idle, &no)), at(1, state("a", "Ana", "1", InUse, &no))}, "a 0 available=1; Ana available@1",
		},
		"a restart ends calls, not memberships": {
			[]Event{join("1", "a"), of(Answered, "2", "a", "Ana"), of(Called, "1", "a", "Ben"), {Type: Restarted}},
			"a 0 available=2; Ana available@4; Ben available@4",
		},
		"after a day of silence nothing is known of who was heard before it": {
			[]Event{join("1", "a"), of(Answered, "2", "a", "Ana"), at(90_000, join("3", "a"))}, "a 1@90000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, show(heard(c.events...).State())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
