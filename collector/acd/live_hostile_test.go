package acd_test

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// One goroutine follows all feeds: an upstream that begins anew all the time
// does not take it away from the others.
func TestLiveRestartsCheaply(t *testing.T) {
	l := acd.NewLive()
	for i := range 20_000 {
		l.Add(acd.Event{At: eight, Type: acd.LoggedIn, Queue: fmt.Sprint("queue", i%4), Agent: fmt.Sprint("agent", i/4), Interface: fmt.Sprint("SIP/", i/4)})
	}
	before := l.State()
	for i := range 2_000_000 { // it would take hours if each looked at all agents
		l.Add(acd.Event{At: eight + record.Instant(i), Type: acd.Restarted})
	}
	if after := l.State(); len(after.Agents) != len(before.Agents) || after.Agents[7].Since != before.Agents[7].Since {
		t.Errorf("an agent without a call is %v, was %v", after.Agents[7], before.Agents[7])
	}
}
