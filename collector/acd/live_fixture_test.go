package acd

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

var (
	stampLine = regexp.MustCompile(`(?m)^Timestamp: (\d+)\.(\d{6})\r$`)
	eventLine = regexp.MustCompile(`^Event: (\w+)\r\n`)
)

// told is what a recording says by and by: who waits where, and who talks.
// Nothing but sets of the waits that have begun and ended, and how often an
// agent's talk did.
type told struct {
	joined, left map[string]string
	talks        map[string]int
}

func (s *told) hear(raw string) {
	value := func(name string) string {
		_, rest, _ := strings.Cut(raw, "\r\n"+name+": ")
		v, _, _ := strings.Cut(rest, "\r\n")
		return v
	}
	wait := value("Queue") + " " + value("Uniqueid")
	switch eventLine.FindStringSubmatch(raw)[1] {
	case "QueueCallerJoin":
		s.joined[wait] = value("Queue")
	case "QueueCallerLeave", "QueueCallerAbandon":
		s.left[wait] = ""
	case "AgentConnect":
		s.talks[value("MemberName")]++
	case "AgentComplete":
		s.talks[value("MemberName")]--
	}
}

func (s *told) now() (waiting map[string]int, talking map[string]bool) {
	waiting, talking = map[string]int{}, map[string]bool{}
	for k, queue := range s.joined {
		if _, over := s.left[k]; !over {
			waiting[queue]++
		}
	}
	for agent, open := range s.talks {
		if open > 0 {
			talking[agent] = true
		}
	}
	return waiting, talking
}

// Along a real recording, in the order in which each client heard it, who waits
// and who talks is what the plainest count says.
func TestLiveAlongARecording(t *testing.T) {
	for _, name := range []string{"varied-a", "varied-b", "pbx-a", "pbx-b"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := told{map[string]string{}, map[string]string{}, map[string]int{}}
			l := NewLive()
			for i, raw := range said(t, name+".ami.gz") {
				s.hear(string(raw))
				for _, e := range decodeAMI(nil, raw, stampOf(t, raw)) {
					l.Add(e)
				}
				if i%37 == 0 {
					checkLive(t, l.State(), &s)
				}
			}
			checkLive(t, l.State(), &s)
		})
	}
}

func checkLive(t *testing.T, state LiveState, s *told) {
	t.Helper()
	wantWaiting, wantTalking := s.now()
	waiting, names := busy(state)
	talking := map[string]bool{}
	for _, name := range names {
		talking[name] = true
	}
	if diff := cmp.Diff(wantWaiting, waiting) + cmp.Diff(wantTalking, talking); diff != "" {
		t.Fatalf("at %s (-want +got):\n%s", state.Through, diff)
	}
}

func stampOf(t *testing.T, raw []byte) record.Instant {
	t.Helper()
	m := stampLine.FindSubmatch(append(bytes.Clone(raw), "\r\n"...))
	if m == nil {
		t.Fatalf("no time in %q", raw)
	}
	n, _ := whole(append(m[1], m[2]...), 1<<60)
	return record.Instant(n)
}

// The two clients of one Asterisk heard the same in different order, and know
// the same in the end.
func TestBothClientsKnowTheSame(t *testing.T) {
	for _, run := range []string{"varied", "pbx"} {
		var states [2]LiveState
		for i, client := range []string{"a", "b"} {
			l := NewLive()
			for _, raw := range said(t, run+"-"+client+".ami.gz") {
				for _, e := range decodeAMI(nil, raw, stampOf(t, raw)) {
					l.Add(e)
				}
			}
			states[i] = l.State()
			for j := range states[i].Agents {
				states[i].Agents[j].Since /= 10_000 // of several events at once, another came last
			}
		}
		if diff := cmp.Diff(states[0], states[1]); diff != "" {
			t.Errorf("%s (-a +b):\n%s", run, diff)
		}
		if len(states[0].Agents) < 6 || len(states[0].Queues) < 4 {
			t.Errorf("%s: %d agents, %d queues", run, len(states[0].Agents), len(states[0].Queues))
		}
	}
}

// busy returns who waits and who talks.
func busy(s LiveState) (waiting map[string]int, talking []string) {
	waiting = map[string]int{}
	for _, q := range s.Queues {
		if q.Waiting > 0 {
			waiting[q.Queue] = q.Waiting
		}
	}
	for _, a := range s.Agents {
		if a.Standing == Talking {
			talking = append(talking, a.Agent)
		}
	}
	return waiting, talking
}

// Of one run, queue_log tells who waits and who talks as AMI does, at the ends of
// seconds at which nothing happens: each reads the clock for itself.
func TestLiveOfQueueLog(t *testing.T) {
	const begins, ends = 1_795_226_033, 1_795_226_573
	var byAMI, byLog []Event
	for _, raw := range said(t, "varied-a.ami.gz") {
		byAMI = decodeAMI(byAMI, raw, stampOf(t, raw))
	}
	for _, raw := range said(t, "varied-queue_log.gz") {
		stamp, _, _ := bytes.Cut(raw, []byte("|"))
		n, _ := whole(stamp, 1<<40)
		byLog = decodeQueueLog(byLog, raw, record.Instant(n)*record.Second)
	}
	l, m, compared := NewLive(), NewLive(), 0
	until := func(l *Live, events []Event, at record.Instant) []Event {
		for len(events) > 0 && events[0].At < at {
			l.Add(events[0])
			events = events[1:]
		}
		return events
	}
	for second := record.Instant(begins); second <= ends; second += 3 {
		byAMI = until(l, byAMI, second*record.Second)
		byLog = until(m, byLog, second*record.Second)
		if quiet := l.through < (second*record.Second)-20_000; !quiet || len(byAMI) > 0 && byAMI[0].At < second*record.Second+20_000 {
			continue
		}
		waitingAMI, talkingAMI := busy(l.State())
		waitingLog, talkingLog := busy(m.State())
		if diff := cmp.Diff(waitingAMI, waitingLog) + cmp.Diff(talkingAMI, talkingLog); diff != "" {
			t.Errorf("at %d (-AMI +queue_log):\n%s", second, diff)
		}
		compared += len(waitingAMI) + len(talkingAMI)
	}
	if compared < 300 {
		t.Errorf("only %d queues and agents had anything", compared)
	}
}

// However much an upstream says, what is remembered of it is bounded.
func TestLiveIsBounded(t *testing.T) {
	const many = 25_000 // more than of anything is remembered
	name := func(i int) string { return fmt.Sprint(strings.Repeat("n", longestText-8), i) }
	for what, event := range map[string]func(i int) Event{
		"callers":             func(i int) Event { return Event{Type: Offered, Leg: name(i), Queue: "q"} },
		"agents":              func(i int) Event { return Event{Type: LoggedIn, Queue: "q", Agent: name(i), Interface: name(i)} },
		"memberships of one":  func(i int) Event { return Event{Type: LoggedIn, Queue: name(i), Agent: "Ana", Interface: name(i)} },
		"memberships of many": func(i int) Event { return Event{Type: LoggedIn, Queue: name(i), Agent: name(i % 100)} },
		"calls of one":        func(i int) Event { return Event{Type: Called, Leg: name(i), Queue: "q", Agent: "Ana"} },
		"one call of many":    func(i int) Event { return Event{Type: Called, Leg: "1", Queue: "q", Agent: name(i)} },
		"one call of many, over": func(i int) Event {
			return Event{Type: []Type{Called, RingNoAnswer}[i%2], Leg: "1", Queue: "q", Agent: name(i / 2)}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			l := NewLive()
			for i := range many {
				e := event(i)
				e.At = record.Instant(i)
				l.Add(e)
			}
			members, rung := 0, 0
			for _, a := range l.agents.all() {
				members += len(a.members)
				if len(a.members) > liveOwnQueues || len(a.calls) > liveOwnCalls {
					t.Errorf("%.10q has %d memberships, %d calls", a.name, len(a.members), len(a.calls))
				}
			}
			for _, r := range maps.All(l.rung) {
				rung += len(r)
			}
			if members != l.members || members > liveMemberships || l.agents.len() > liveAgents || l.queues.len() > liveQueues ||
				l.waits.len() > liveWaits || l.ended.len() > liveEnds || rung > liveAgents*liveOwnCalls {
				t.Errorf("%d memberships (counted %d), %d agents, %d queues, %d waits, %d ends, %d rung",
					members, l.members, l.agents.len(), l.queues.len(), l.waits.len(), l.ended.len(), rung)
			}
		})
	}
}

// FuzzCorrect: no answer, however broken, is more than ignored.
func FuzzCorrect(f *testing.F) {
	f.Add([]byte("Event: QueueMember\r\nQueue: q\r\nName: Ana\r\nLocation: SIP/1\r\nStatus: 6\r\nPaused: 1\r\nLastPause: 99999999999999\r\nInCall: 1\x00Event: QueueEntry\r\nQueue: q\r\nUniqueid: 1.2\r\nWait: 9999999999"), true)
	f.Add([]byte("Event: QueueParams\nQueue: q\x00Event: QueueMember\nQueue:q\nName:\nLocation:"), false)
	f.Fuzz(func(t *testing.T, text []byte, cut bool) {
		l := heard(Event{Type: Called, Leg: "1", Queue: "q", Agent: "Ana"}, Event{Type: Answered, Leg: "2", Queue: "q", Agent: "Ben"})
		l.Correct(7, bytes.Split(text, []byte{0}), cut)
		s := l.State()
		for _, a := range s.Agents {
			if a.Agent == "" || a.Standing == "" {
				t.Errorf("agent %+v", a)
			}
		}
		for _, q := range s.Queues {
			if q.Queue == "" || len(q.Queue) > longestText {
				t.Errorf("queue %+v", q)
			}
		}
		before := show(s)
		if l.Correct(7, bytes.Split(text, []byte{0}), cut); show(l.State()) != before {
			t.Errorf("told again, %s became %s", before, show(l.State()))
		}
	})
}

// A shelf is a list that is cut off at its beginning.
func TestShelf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		var want, got, forgotten, lost []int
		s := newShelf(limit, func(k, v int) { forgotten = append(forgotten, k) })
		without := func(k int) (kept []int, had bool) {
			for _, x := range want {
				if x != k {
					kept = append(kept, x)
				}
			}
			return kept, len(kept) < len(want)
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			k := rapid.IntRange(0, 7).Draw(t, "key")
			rest, had := without(k)
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				s.put(k, -k)
				if want = append(rest, k); len(want) > limit {
					lost, want = append(lost, want[0]), want[1:]
				}
			case 1:
				if s.touch(k); had {
					want = append(rest, k)
				}
			case 2:
				s.drop(k)
				want = rest
			}
			if v, ok := s.get(k); ok && v != -k {
				t.Fatalf("%d has %d", k, v)
			}
		}
		for k := range s.all() {
			got = append(got, k)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(lost, forgotten); diff != "" && len(want)+len(got) > 0 {
			t.Fatal(diff)
		}
	})
}
