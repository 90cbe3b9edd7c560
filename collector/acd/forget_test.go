package acd_test

import (
	"bytes"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// What is not heard of for a day is forgotten at the next border: the wait is
// lost, the agent no longer staffed, the talk over.
func TestFoldForgetsAfterADay(t *testing.T) {
	f := acd.NewFold("ami")
	for _, e := range events(t, `
		10 logged_in sales agent=Ana
		20 offered sales leg=1.1
		30 logged_in sales agent=Ben
		40 offered sales leg=1.2
		50 answered sales agent=Ben leg=1.2 wait=10
		60000 called sales agent=Ben leg=1.3
		60000 offered sales leg=1.3
		86500 agent_state night agent=Cem phone=SIP/9 static is=idle`) {
		f.Add(e)
	}
	f.Advance(eight + 25*record.Hour)
	c := f.Take()
	var staffed, talk record.Instant
	for _, r := range c.Agents {
		if r.Agent == "Ana" {
			staffed += r.Counts.Staffed
		}
		talk += r.Counts.Talk
	}
	if want := record.Day + 15*record.Minute - 10*record.Second; staffed != want {
		t.Errorf("Ana was staffed for %s, want %s", staffed.Sub(0), want.Sub(0))
	}
	if want := record.Day + 15*record.Minute - 50*record.Second; talk != want {
		t.Errorf("Ben talked for %s, want %s: up to the border a day after", talk.Sub(0), want.Sub(0))
	}
	for _, r := range c.Queues {
		if r.Counts.Lost > 0 && (r.Counts.Lost != 1 || r.Start != eight+record.Day) {
			t.Errorf("%d were lost at %s", r.Counts.Lost, r.Start)
		}
	}
	if f.Carry() == nil {
		t.Error("nothing is known of a call of less than a day ago")
	}
	f.Advance(eight + 49*record.Hour)
	if carry := f.Carry(); carry != nil {
		t.Errorf("after a day of silence there is known %q", carry)
	}
}

// Years without a record cost nothing.
func TestFoldPassesYears(t *testing.T) {
	f := acd.NewFold("ami")
	story := events(t, `
		0 logged_in sales agent=Ana
		0 offered sales leg=1.1`)
	for year := range 100 {
		for _, e := range story {
			e.At += record.Instant(year) * 365 * record.Day
			f.Add(e)
		}
	}
	if n, want := len(f.Take().Agents), 99*96+1; n != want { // the last has but logged in
		t.Errorf("Ana was there in %d intervals, want %d: a day's each time", n, want)
	}
}

// A late record changes what follows for a while only: the carries become
// those of the fold that never heard it.
func TestFoldConverges(t *testing.T) {
	for _, late := range []string{
		"1 offered sales leg=1.9",
		"1 abandoned sales leg=1.9 wait=7",
		"1 answered sales leg=1.9 agent=Zoe",
		"1 called sales leg=1.9 agent=Zoe",
		"1 paused sales agent=Zoe why=Mail",
		"1 logged_in sales agent=Ana phone=SIP/7",
		"1 agent_state sales agent=Ana phone=SIP/7 is=in_use",
		"1 outcome sales leg=1.9 why=full",
		"1 restarted -",
	} {
		t.Run(late, func(t *testing.T) {
			with, without := acd.NewFold("ami"), acd.NewFold("ami")
			for _, e := range events(t, late) {
				with.Add(e)
			}
			for hour := range 48 {
				for _, e := range events(t, fmt.Sprintf(`
					%[1]d agent_state sales agent=Ana phone=SIP/7 static is=idle
					%[1]d offered sales leg=1.%[1]d
					%[1]d abandoned sales leg=1.%[1]d wait=0
					%[1]d left sales leg=1.%[1]d
					%[1]d outcome sales leg=1.%[1]d why=timeout`, 100+3600*hour)) {
					with.Add(e)
					without.Add(e)
				}
			}
			if bytes.Equal(with.Carry(), without.Carry()) && bytes.Equal(nil, with.Carry()) {
				t.Fatal("nothing is known")
			}
			border := acd.Interval(eight + 48*record.Hour)
			with.Advance(border)
			without.Advance(border)
			if a, b := with.Carry(), without.Carry(); !bytes.Equal(a, b) {
				t.Errorf("after two days there is known\n%q, without the late one\n%q", a, b)
			}
		})
	}
}

// A feed that makes up names without end is counted with bounded memory, and
// alike wherever it is carried over.
func TestFoldIsBounded(t *testing.T) {
	if draws.Raced {
		t.Skip("one goroutine")
	}
	const many, others = 70_000, 6_000
	made := func(i int) []acd.Event {
		at := eight + record.Instant(i)*record.Second/1000
		leg, who := fmt.Sprintf("1.%d", i), fmt.Sprintf("agent %d", i)
		all := []acd.Event{{At: at, Type: acd.Offered, Queue: "sales", Leg: leg}}
		if i > others {
			return all
		}
		return append(all, []acd.Event{
			{At: at, Type: acd.Called, Queue: "sales", Leg: leg, Agent: who},
			{At: at, Type: acd.Called, Queue: "sales", Leg: "1.0", Agent: who},
			{At: at, Type: acd.Called, Queue: "sales", Leg: leg, Agent: "Ana"},
			{At: at, Type: acd.AgentState, Queue: who, Agent: "Ana", Interface: who, Device: acd.Idle},
			{At: at, Type: acd.Completed, Queue: "sales", Leg: leg, Agent: who},
		}...)
	}
	whole, split := acd.NewFold("ami"), acd.NewFold("ami")
	var a, b acd.Counted
	for i := range many {
		for _, e := range made(i) {
			whole.Add(e)
			split.Add(e)
		}
		if i%20_000 == 19_999 {
			carry := whole.Carry()
			if len(carry) > 16<<20 {
				t.Fatalf("after %d calls the carry has %d bytes", i, len(carry))
			}
			a, b = joined(a, whole.Take()), joined(b, split.Take())
			var err error
			if split, err = acd.RestoreFold("ami", carry); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, b = joined(a, whole.Take()), joined(b, split.Take())
	if !bytes.Equal(whole.Carry(), split.Carry()) {
		t.Error("the carries differ")
	}
	if diff := gocmp.Diff(columns(a.Queues), columns(b.Queues)); diff != "" {
		t.Errorf("whole, split: %s", diff)
	}
	if n := columns(a.Queues)["2026-11-21T08:00:00Z sales"]["offered"]; n != many {
		t.Errorf("%d were offered, want %d", n, many)
	}
}

// More that follows from nothing than is held at once is counted all the same.
func TestFoldHoldsLittle(t *testing.T) {
	const many = 1000
	f := acd.NewFold("queue_log")
	for i := range many {
		f.Add(acd.Event{At: eight, Type: acd.Completed, Queue: "sales", Leg: fmt.Sprintf("1.%d", i), Agent: "Ana"})
	}
	if carry := f.Carry(); len(carry) > many*20 {
		t.Errorf("%d bytes are held", len(carry))
	}
	f.Advance(eight + 1)
	if got := columns(f.Take().Queues)["2026-11-21T08:00:00Z sales"]["completed"]; got != many {
		t.Errorf("%d were completed, want %d", got, many)
	}
}

// A carry that came to harm is refused or counted on from; it never hurts.
func FuzzCarry(f *testing.F) {
	fold := acd.NewFold("ami")
	for _, e := range events(f, `
		10 agent_state sales agent=Ana phone=SIP/7 static is=idle
		10 logged_in sales agent=Ben phone=SIP/8
		20 offered sales leg=7.1
		20 called sales agent=Ben leg=7.1
		30 offered sales leg=7.2
		40 abandoned sales leg=7.2 wait=10
		41 paused sales agent=Ana why=Mail
		42 answered sales agent=Ben leg=7.9 wait=10`) {
		fold.Add(e)
	}
	f.Add(fold.Carry())
	f.Add([]byte{acd.FoldVersion})
	f.Fuzz(func(t *testing.T, carry []byte) {
		fold, err := acd.RestoreFold("ami", carry)
		if err != nil {
			return
		}
		for _, e := range events(t, `
			100 completed sales agent=Ben leg=7.9
			200 ring_no_answer sales agent=Ana ring=1000
			3000 abandoned sales leg=7.1 wait=10`) {
			fold.Add(e)
		}
		fold.Advance(eight + 2*record.Day)
		fold.Take()
		if left := fold.Carry(); left != nil {
			t.Errorf("after a day of silence there is known %q", left)
		}
	})
}

func TestCarryIsRefused(t *testing.T) {
	f := acd.NewFold("ami")
	for _, e := range events(t, "10 logged_in sales agent=Ana") {
		f.Add(e)
	}
	carry := f.Carry()
	for name, harmed := range map[string][]byte{
		"another version": append([]byte{acd.FoldVersion + 1}, carry[1:]...),
		"cut":             carry[:len(carry)-1],
		"longer":          append(bytes.Clone(carry), 0),
	} {
		if _, err := acd.RestoreFold("ami", harmed); err == nil {
			t.Errorf("%s: it was restored", name)
		}
	}
}
