package report

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// nowRig is a site of two sources: a PBX that is heard by its manager and by its
// queue_log, and another one.
func nowRig(t *testing.T) (*rig, []Sight) {
	t.Helper()
	r := newRig(t, "2026-11-20 08:00")
	no := false
	r.Feeds = []Feed{
		{Name: "log", Format: "queue_log", Source: "pbx"},
		{Name: "pbx", Format: "ami", Source: "pbx", Counts: &no},
		{Name: "branch", Format: "queue_log", Source: "branch"},
		{Name: "bills", Format: "cdr_csv", Source: "pbx"},
	}
	before := func(seconds record.Instant) record.Instant { return r.now - seconds*record.Second }
	head := acd.LiveState{
		Through: before(1),
		Queues: []acd.LiveQueue{
			{Queue: "sales", Waiting: 3, LongestSince: before(75), Agents: map[acd.Standing]int{acd.Talking: 1, acd.OnPause: 1, acd.Away: 2}},
			{Queue: "support", Agents: map[acd.Standing]int{acd.Available: 1}},
		},
		Agents: []acd.LiveAgent{
			{Agent: "PJSIP/1", Standing: acd.Talking, Since: before(20), Queue: "sales", Queues: []string{"sales"}, Interfaces: []string{"PJSIP/1"}},
			{Agent: "Ben", Standing: acd.OnPause, Reason: "Lunch", Queues: []string{"sales", "support"}, Interfaces: []string{"SIP/2", "SIP/3"}},
		},
	}
	branch := acd.LiveState{Queues: []acd.LiveQueue{{Queue: "night", Waiting: 1, LongestSince: before(-2), Agents: map[acd.Standing]int{}}}}
	r.administer(t,
		row("agent", "1001", admin.Body{"name": "Ana Ruiz", "aliases": []string{"PJSIP/1"}}),
		row("queue", "sales", admin.Body{"name": "Sales and orders"}),
		row("queue", "support", admin.Body{}),
		row("queue-group", "front", admin.Body{"queues": []string{"support"}}),
		row("agent-group", "day", admin.Body{"agents": []string{"1001"}}),
	)
	return r, []Sight{{"log", true, branch}, {"pbx", true, head}, {"branch", true, branch}}
}

func TestNow(t *testing.T) {
	const (
		queueColumns = "queue name feed waiting longest_wait_s agents talk available paused unreachable"
		agentColumns = "agent name feed state for_s reason queue queues interfaces"
		sales        = "sales Sales and orders pbx 3 75 4 1 0 1 2"
		support      = "support - pbx 0 - 1 0 1 0 0"
		night        = "night - branch 1 0 0 0 0 0 0"
		ana          = "1001 Ana Ruiz pbx talk 20 - sales sales PJSIP/1"
		ben          = "Ben - pbx paused - Lunch - sales, support SIP/2, SIP/3"
		twice        = "Ben is logged in more than once: SIP/2, SIP/3"
	)
	for name, c := range map[string]struct {
		ask                   Ask
		spoil                 func([]Sight) []Sight
		queues, agents, notes []string
	}{
		"all":         {Ask{}, nil, []string{night, sales, support}, []string{ana, ben}, []string{twice}},
		"a queue":     {Ask{Queues: []string{"Sales and orders"}}, nil, []string{sales}, []string{ana, ben}, []string{twice}},
		"an agent":    {Ask{Agents: []string{"Ana Ruiz"}}, nil, []string{sales}, []string{ana}, nil},
		"both":        {Ask{Queues: []string{"night"}, Agents: []string{"PJSIP/1"}}, nil, []string{night}, []string{ana}, nil},
		"queue group": {Ask{Groups: []string{"front"}}, nil, []string{support}, []string{ben}, []string{twice}},
		"agent group": {Ask{Groups: []string{"day"}}, nil, []string{sales}, []string{ana}, nil},
		"a feed":      {Ask{Feed: "log"}, nil, []string{"night - log 1 0 0 0 0 0 0"}, nil, nil},
		"of bills":    {Ask{Feed: "bills"}, nil, nil, nil, []string{`feed "bills" does not tell how things stand`}},
		"the manager is not heard": {
			Ask{},
			func(s []Sight) []Sight { s[1].Heard = false; return s },
			[]string{"night - log 1 0 0 0 0 0 0", night},
			nil, nil,
		},
		"nobody is heard": {
			Ask{},
			func(s []Sight) []Sight { s[0].Heard, s[1].Heard, s[2].Heard = false, false, false; return s },
			[]string{"night - branch - - - - - - -", "sales Sales and orders pbx - - - - - - -", "support - pbx - - - - - - -"},
			nil,
			[]string{
				`feed "pbx" is not heard: how things stand is not known since 2026-11-20 07:59:59`,
				`feed "branch" is not heard: how things stand is not known`,
			},
		},
		"nothing is known yet": {
			Ask{},
			func([]Sight) []Sight { return nil },
			nil,
			nil,
			[]string{`how things stand by feed "pbx" is not known yet`, `how things stand by feed "branch" is not known yet`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, seen := nowRig(t)
			if c.spoil != nil {
				seen = c.spoil(seen)
			}
			c.ask.Now = r.now
			queues, agents, err := Now(t.Context(), r.Sources, seen, c.ask)
			answers(t)(queues, err)
			answers(t)(agents, err)
			wants(t, queues, queueColumns, c.queues...)
			wants(t, agents, agentColumns, c.agents...)
			if diff := cmp.Diff(c.notes, queues.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNowOfNothing(t *testing.T) {
	r, seen := nowRig(t)
	for _, ask := range []Ask{{Feed: "pxb"}, {Groups: []string{"back"}}, {Queues: []string{"nigh"}}, {Agents: []string{"Bea"}}} {
		if _, _, err := Now(t.Context(), r.Sources, seen, ask); !errors.Is(err, ErrUnknown) {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}

func TestNowShowsTimesOfTheSite(t *testing.T) {
	r, seen := nowRig(t)
	r.set(t, "time_zone", "Asia/Tokyo")
	_, agents, err := Now(t.Context(), r.Sources, seen, Ask{Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, agents, "agent since", "1001 11-20T16:59+09:00", "Ben -")
	if agents.Zone.String() != "Asia/Tokyo" {
		t.Errorf("zone %s", agents.Zone)
	}
}
