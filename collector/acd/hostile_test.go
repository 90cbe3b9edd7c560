package acd_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// A feed that names another queue and agent with each record, and another
// reason with each pause, gets no row for each: what is beyond many is counted
// together, so that nothing of it is lost.
func TestFoldBoundsTheNamesOfAnInterval(t *testing.T) {
	const said = 20_000
	name := func(of string, i int) string { return fmt.Sprintf("%s-%d", of, i) }
	for what, event := range map[string]func(i int) acd.Event{
		"queues": func(i int) acd.Event {
			return acd.Event{Type: acd.Refused, Queue: name("queue", i)}
		},
		"agents": func(i int) acd.Event {
			return acd.Event{Type: acd.LoggedIn, Queue: "sales", Agent: name("agent", i)}
		},
		"reasons": func(i int) acd.Event {
			return acd.Event{Type: acd.Paused, Queue: "sales", Agent: "Ana", Reason: name("reason", i)}
		},
	} {
		t.Run(what, func(t *testing.T) {
			whole, parts := acd.NewFold("ami"), acd.NewFold("ami")
			for i := range said {
				e := event(i)
				e.At = eight + record.Instant(i)*record.Second/100
				whole.Add(e)
				parts.Add(e)
				if i%777 == 0 { // who follows at the head takes often: it makes no difference
					parts.Advance(e.At)
					parts.Take()
				}
			}
			whole.Advance(eight + acd.IntervalWidth)
			parts.Advance(eight + acd.IntervalWidth)
			c := whole.Take()
			if n := len(c.Queues) + len(c.Agents); n > 10_000 {
				t.Errorf("%d rows of one interval", n)
			}
			var refused int64
			for _, r := range c.Queues {
				refused += r.Counts.Refused
			}
			if what == "queues" && refused != said {
				t.Errorf("%d were refused in all queues, want %d", refused, said)
			}
			for _, r := range c.Agents {
				if n := len(r.Counts.PausedFor); n > 1_000 {
					t.Errorf("%s paused for %d reasons", r.Agent, n)
				}
			}
			if !bytes.Equal(whole.Carry(), parts.Carry()) {
				t.Error("who takes often knows something else")
			}
		})
	}
}

// What a fold knows, and writes down at each border, does not grow beyond
// some megabytes, whatever names are said.
func TestFoldBoundsWhatItKnows(t *testing.T) {
	if draws.Raced {
		t.Skip("one goroutine")
	}
	long := strings.Repeat("x", 200)
	for what, event := range map[string]func(i int) acd.Event{
		"queues of agents": func(i int) acd.Event {
			return acd.Event{
				Type: acd.LoggedIn, Agent: fmt.Sprint("agent", i/200), Queue: fmt.Sprint(long, i%200), Interface: fmt.Sprint(long, i),
			}
		},
		"calls": func(i int) acd.Event {
			return acd.Event{Type: acd.Offered, Queue: long, Leg: fmt.Sprint(long, i)}
		},
	} {
		t.Run(what, func(t *testing.T) {
			f, again := acd.NewFold("queue_log"), acd.NewFold("queue_log")
			for i := range 60_000 {
				e := event(i)
				e.At = eight + record.Instant(i)*record.Second/100
				f.Add(e)
				again.Add(e)
				if i%5_000 == 0 {
					again.Advance(e.At)
				}
			}
			if n := len(f.Carry()); n > 24<<20 {
				t.Errorf("%d bytes are known within the interval", n)
			}
			f.Advance(eight + acd.IntervalWidth)
			again.Advance(eight + acd.IntervalWidth)
			if n := len(f.Carry()); n > 20<<20 || n < 8<<20 {
				t.Errorf("%d bytes are known at the border", n)
			}
			if !slices.Equal(f.Carry(), again.Carry()) {
				t.Error("who lets time pass in between knows something else")
			}
		})
	}
}
