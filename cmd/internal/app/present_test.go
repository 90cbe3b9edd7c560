package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/watch"
)

func TestPresentOf(t *testing.T) {
	state := acd.LiveState{
		Queues: []acd.LiveQueue{{Queue: "sales", Waiting: 2, LongestSince: 7}},
		Agents: []acd.LiveAgent{
			{Agent: "ann", Standing: acd.OnPause, Since: 5, Reason: "lunch", Interfaces: []string{"PJSIP/1", "PJSIP/2"}},
			{Agent: "bob", Standing: acd.Talking, Interfaces: []string{"PJSIP/3"}},
		},
	}
	want := &present{
		lines:  []watch.Line{{Queue: "sales", Waiting: 2, Longest: 7}},
		agents: []watch.Agent{{Agent: "ann", State: "paused", Since: 5, Reason: "lunch"}, {Agent: "bob", State: "talk"}},
		twice:  []loggedInTwice{{"pbx", "ann", "PJSIP/1, PJSIP/2"}},
	}
	if diff := cmp.Diff(want, presentOf("pbx", state), cmp.AllowUnexported(present{}, loggedInTwice{})); diff != "" {
		t.Error(diff)
	}
}

// Each state that an agent can be in can be in for too long.
func TestStandingsHaveThresholds(t *testing.T) {
	kind, _ := admin.KindNamed("threshold")
	for _, s := range []acd.Standing{acd.Talking, acd.BeingRung, acd.OnOtherCall, acd.Away, acd.OnPause, acd.Available} {
		row := admin.Row{Key: "t", Body: admin.Body{"measure": "agent_state", "limit": int64(60), "state": string(s)}}
		if _, err := kind.Normal(row); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}
