package acd

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/calls"
)

// echForms are those of one segment that ended at noon.
func echForms(change func(*calls.Segment)) (forms map[string]string) {
	noon := at.Time()
	s := calls.Segment{
		CallID: 9557402, Number: 2, Start: noon.Add(-100 * time.Second), Stop: noon, Queue: 20, Ring: 5, Talk: 60, Wrap: 10, Disp: 30,
		Split: 7, Disposition: 2, Agent: "4001", Caller: "5550001", Dialled: "8000", VDN: "5000", UCID: "00001",
	}
	change(&s)
	one := []calls.Segment{s}
	return map[string]string{
		"binary": string(calls.ECH(12, 1, one)[8:]), "text": string(calls.ECHText(one, time.UTC)[:len(calls.ECHText(one, time.UTC))-2]),
	}
}

func TestECH(t *testing.T) {
	leg := func(disposition, queue, agent string) Event {
		return Event{
			At: at, Type: CallLeg, Queue: queue, Agent: agent, Call: "9557402", Leg: "9557402/2", Caller: "5550001", Wait: secs(25), Ring: secs(5),
			Record: &CDR{
				Number: "8000", Context: "5000", Sequence: "00001", Start: at - 100*record.Second, End: at,
				Duration: secs(100), Billed: secs(60), Disposition: disposition,
			},
		}
	}
	of := func(what Type, change func(*Event)) Event {
		e := Event{At: at, Type: what, Queue: "7", Agent: "4001", Call: "9557402", Leg: "9557402/2", Caller: "5550001", Wait: secs(25)}
		if what == Offered {
			e.Agent, e.Wait = "", Span{}
		}
		if change != nil {
			change(&e)
		}
		return e
	}
	talked := func(why string) func(*Event) { return func(e *Event) { e.Talk, e.Reason = secs(60), why } }
	reason := func(why string) func(*Event) { return func(e *Event) { e.Reason = why } }
	rang := func(e *Event) { e.Ring = secs(5) }
	how := func(n byte) func(*calls.Segment) { return func(s *calls.Segment) { s.Disposition = n } }
	for name, c := range map[string]struct {
		change func(*calls.Segment)
		want   []Event
	}{
		"answered": {how(2), []Event{leg("answered", "7", "4001"), of(Offered, nil), of(Answered, rang), of(Completed, talked("caller"))}},
		"transferred": {func(s *calls.Segment) { s.Transferred = true }, []Event{
			leg("answered", "7", "4001"), of(Offered, nil), of(Answered, rang), of(Completed, talked("transfer")),
		}},
		"abandoned":        {how(3), []Event{leg("abandoned", "7", "4001"), of(Offered, nil), of(Abandoned, nil)}},
		"interflowed":      {how(4), []Event{leg("interflowed", "7", "4001"), of(Offered, nil), of(TimedOut, reason("interflowed"))}},
		"busy, had waited": {how(5), []Event{leg("busy", "7", "4001"), of(Offered, nil), of(TimedOut, reason("busy"))}},
		"other":            {how(7), []Event{leg("other", "7", "4001"), of(Offered, nil), of(TimedOut, reason("other"))}},
		"connected":        {how(1), []Event{leg("connected", "7", "4001")}},
		"not in a split":   {func(s *calls.Segment) { s.Split, s.Agent = 0, "" }, []Event{leg("answered", "", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			for form, raw := range echForms(c.change) {
				if d := cmp.Diff(c.want, decoder(t, "ech")(nil, []byte(raw), at)); d != "" {
					t.Errorf("%s: %s", form, d)
				}
			}
		})
	}
	for form, raw := range echForms(func(s *calls.Segment) { s.Disposition, s.Queue, s.Ring = 6, 0, 0 }) {
		got := decoder(t, "ech")(nil, []byte(raw), at)
		want := Event{At: at, Type: Refused, Queue: "7", Agent: "4001", Call: "9557402", Leg: "9557402/2", Caller: "5550001", Reason: "disconnected"}
		if d := cmp.Diff(want, got[len(got)-1]); len(got) != 2 || d != "" {
			t.Errorf("%s: turned away: %s", form, d)
		}
	}
	for form, raw := range echForms(func(s *calls.Segment) { s.Disp = 22 }) {
		if got := decoder(t, "ech")(nil, []byte(raw), at)[0].Wait; got != secs(22) {
			t.Errorf("%s: waited %v, though it was disposed of after 22 s", form, got)
		}
	}
	says(t, "ech", []utterance{{"cut", "9557402,1,2", Event{}}, {"empty", "", Event{}}})
}

// What is counted of segments, and what is not: agents have no rows.
func TestECHCounts(t *testing.T) {
	f := NewFold("ech")
	for i, change := range []func(*calls.Segment){
		func(*calls.Segment) {},
		func(s *calls.Segment) { s.Transferred = true },
		func(s *calls.Segment) { s.Disposition = 3 },
		func(s *calls.Segment) { s.Disposition = 4 },
		func(s *calls.Segment) { s.Disposition, s.Queue, s.Ring = 5, 0, 0 },
		func(s *calls.Segment) { s.Disposition, s.Split = 3, 0 },
	} {
		raw := echForms(func(s *calls.Segment) { s.CallID += uint32(i); change(s) })["binary"]
		for _, e := range decoder(t, "ech")(nil, []byte(raw), at) {
			f.Add(e)
		}
	}
	f.Advance(at + record.Day)
	got := f.Take()
	want := Counted{Queues: []QueueRow{{Start: at, Queue: "7", Counts: QueueCounts{
		Offered: 4, Refused: 1, Answered: 2, Abandoned: 1, TimedOut: 1, Transferred: 1, Completed: 2,
		AnsweredWait: 50 * record.Second, AnsweredWaitMax: 25 * record.Second, AbandonedWait: 25 * record.Second, Talk: 120 * record.Second,
		AnsweredWaits: Waits{4: 2}, AbandonedWaits: Waits{4: 1},
	}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if carry := f.Carry(); len(carry) != 0 {
		t.Errorf("a day later %d bytes are known", len(carry))
	}
}

func FuzzECH(f *testing.F) {
	for _, raw := range echForms(func(*calls.Segment) {}) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "ech", raw) })
}
