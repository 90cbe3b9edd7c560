package acd_test

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// An upstream that begins anew all the time, or whose channels seem to, costs
// no more for all the calls that it told of before.
func TestFoldRestartsCheaply(t *testing.T) {
	if draws.Raced {
		t.Skip("one goroutine")
	}
	const calls, restarts = 60_000, 90_000 // it would take many minutes if each looked at all calls
	for what, again := range map[string]func(i int) acd.Event{
		"told": func(int) acd.Event { return acd.Event{Type: acd.Restarted} },
		"by the numbers of channels": func(i int) acd.Event {
			return acd.Event{Type: acd.Offered, Queue: "sales", Leg: fmt.Sprintf("%d.%d", 1_000_000+10*i, 100_000-i)}
		},
	} {
		t.Run(what, func(t *testing.T) {
			f := acd.NewFold("queue_log")
			for i := range calls {
				f.Add(acd.Event{At: eight + record.Instant(i), Type: acd.Offered, Queue: "sales", Leg: fmt.Sprintf("%d.%d", 1000+i/1000, i)})
			}
			for i := range restarts {
				e := again(i)
				e.At = eight + record.Second + record.Instant(i)
				f.Add(e)
			}
		})
	}
}
