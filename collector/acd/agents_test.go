package acd_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// agentSeconds are the counts of agents with lengths in seconds, rounded to
// the nearest; times of login and logout as seconds after eight.
func agentSeconds(agents []acd.AgentRow) map[string]map[string]int64 {
	all := agentColumns(agents)
	for _, row := range all {
		for column, n := range row {
			switch column {
			case "answered", "ring_no_answer", "ring_cancelled", "transferred", "completed":
			case "first_login", "last_logout":
				row[column] = (n - int64(eight) + 500_000) / 1_000_000
			default:
				if row[column] = (n + 500_000) / 1_000_000; row[column] == 0 {
					delete(row, column)
				}
			}
		}
	}
	return all
}

var agentStories = []struct{ name, format, story, want string }{
	{
		"added until removed, over a border", "queue_log", `
		100 logged_in sales agent=Ana
		1000 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 100 staffed 800 available 800
		 08:15 Ana: last_logout 1000 staffed 100 available 100`,
	},
	{
		"a second queue is no second login", "queue_log", `
		100 logged_in sales agent=Ana
		200 logged_in night agent=Ana
		300 logged_out sales agent=Ana
		400 logged_out night agent=Ana
		500 logged_in night agent=Ana
		600 logged_out night agent=Ana`,
		`08:00 Ana: first_login 100 last_logout 600 staffed 400 available 400`,
	},
	{
		"a login for all queues", "queue_log", `
		100 logged_in - agent=Agent/7 phone=SIP/7
		200 answered sales agent=Agent/7 leg=1.1 ring=10
		230 completed sales agent=Agent/7 leg=1.1 talk=30
		300 logged_out - agent=Agent/7`,
		`08:00 Agent/7: first_login 100 last_logout 300 staffed 200 available 160 ringing 10 talk 30 answered 1 completed 1 handled 30`,
	},
	{
		"one pause in two queues, and in all", "queue_log", `
		0 logged_in sales agent=Ana
		0 logged_in night agent=Ana
		100 paused - agent=Ana why=Lunch
		100 paused night agent=Ana why=Lunch
		100 paused sales agent=Ana why=Lunch
		400 unpaused sales agent=Ana
		450 unpaused - agent=Ana
		450 unpaused night agent=Ana
		900 logged_out sales agent=Ana
		900 logged_out night agent=Ana`,
		`08:00 Ana: first_login 0 staffed 900 available 550 paused 350 paused_for_Lunch 350
		 08:15 Ana: last_logout 900`,
	},
	{
		"the reason of the pause that began last", "queue_log", `
		0 logged_in sales agent=Ana
		0 logged_in night agent=Ana
		100 paused sales agent=Ana why=Lunch
		200 paused night agent=Ana why=Training
		300 unpaused night agent=Ana
		350 paused sales agent=Ana why=Mail
		500 unpaused sales agent=Ana
		600 logged_out sales agent=Ana
		600 logged_out night agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 600 staffed 600 available 200 paused 400 paused_for_Lunch 150 paused_for_Training 100 paused_for_Mail 150`,
	},
	{
		"added paused", "queue_log", `
		0 logged_in sales agent=Ana paused=yes
		100 unpaused sales agent=Ana
		200 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 200 staffed 200 available 100 paused 100 paused_for_ 100`,
	},
	{
		"configured: staffed while reachable", "ami", `
		100 agent_state sales agent=Ana phone=SIP/7 static is=idle
		200 agent_state sales agent=Ana phone=SIP/7 static is=unreachable
		300 agent_state sales agent=Ana phone=SIP/7 static is=idle
		500 agent_state night agent=Ana phone=SIP/7 static is=unreachable`,
		`08:00 Ana: first_login 300 last_logout 500 staffed 300 available 300 unknown 100`,
	},
	{
		"ringing, talk, another call", "ami", `
		0 logged_in sales agent=Ana phone=SIP/7
		0 offered sales leg=1.1
		10 called sales agent=Ana leg=1.1
		10.1 agent_state sales agent=Ana phone=SIP/7 is=ringing
		14.9 agent_state sales agent=Ana phone=SIP/7 is=in_use
		15 left sales leg=1.1
		15 answered sales agent=Ana leg=1.1 wait=15
		40 completed sales agent=Ana leg=1.1 talk=25
		45 agent_state sales agent=Ana phone=SIP/7 is=idle
		60 agent_state sales agent=Ana phone=SIP/7 is=in_use
		100 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 100 staffed 100 available 25 ringing 5 talk 25 other 45 answered 1 completed 1 handled 25`,
	},
	{
		"two phones ring, one is answered", "ami", `
		0 logged_in sales agent=Ana
		0 logged_in sales agent=Ben
		0 offered sales leg=1.1
		10 called sales agent=Ana leg=1.1
		12 called sales agent=Ben leg=1.1
		15 left sales leg=1.1
		15.0004 answered sales agent=Ben leg=1.1 wait=15
		20 completed sales agent=Ben talk=5
		30 logged_out sales agent=Ana
		30 logged_out sales agent=Ben`,
		`08:00 Ana: first_login 0 last_logout 30 staffed 30 available 25 ringing 5 ring_cancelled 1
		 08:00 Ben: first_login 0 last_logout 30 staffed 30 available 22 ringing 3 talk 5 answered 1 completed 1 handled 5`,
	},
	{
		"rings are a union", "queue_log", `
		0 logged_in sales agent=Ana
		100 ring_no_answer sales agent=Ana leg=1.1 ring=20
		100 ring_no_answer sales agent=Ana leg=1.2 ring=30
		105 ring_cancelled sales agent=Ana leg=1.3 ring=10
		905 ring_no_answer sales agent=Ana leg=1.4 ring=15
		1000 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 staffed 900 available 855 ringing 45 ring_no_answer 2 ring_cancelled 1
		 08:15 Ana: last_logout 1000 staffed 100 available 95 ringing 5 ring_no_answer 1`,
	},
	{
		"what was before the first that is known", "queue_log", `
		100 answered sales agent=Ana leg=1.1 wait=5 ring=4
		160 completed sales agent=Ana leg=1.1 talk=60 why=transfer
		200 logged_out sales agent=Ana
		300 logged_out night agent=Ben`,
		`08:00 Ana: last_logout 200 staffed 100 available 40 talk 60 unknown 100 answered 1 completed 1 transferred 1 handled 60
		 08:00 Ben: last_logout 300 unknown 300`,
	},
	{
		"a restart ends what is known", "queue_log", `
		0 logged_in sales agent=Ana
		100 restarted -
		150 ring_no_answer sales agent=Ana leg=1.1 ring=0
		200 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 200 staffed 150 available 150 unknown 50 ring_no_answer 1`,
	},
	{
		"what was told just before a restart is of before", "ami", `
		100 called sales agent=Ana leg=1.1
		100.001 restarted -`,
		`08:00 Ana: unknown 100 ring_cancelled 1`,
	},
	{
		"the next answer ends a talk whose end was not heard", "queue_log", `
		0 logged_in sales agent=Ana
		100 answered sales agent=Ana leg=1.1 wait=5 ring=0
		200 answered sales agent=Ana leg=1.2 wait=5 ring=0
		230 completed sales agent=Ana leg=1.2 talk=30
		300 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 300 staffed 300 available 170 talk 130 answered 2 completed 1 handled 30`,
	},
	{
		"so does a phone that falls idle, but not at once", "ami", `
		0 logged_in sales agent=Ana phone=SIP/7
		100 agent_state sales agent=Ana phone=SIP/7 is=in_use
		100 answered sales agent=Ana leg=1.1 wait=5 ring=0
		101 agent_state sales agent=Ana phone=SIP/7 is=idle
		150 agent_state sales agent=Ana phone=SIP/7 is=in_use
		200 agent_state sales agent=Ana phone=SIP/7 is=idle
		300 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 300 staffed 300 available 200 talk 100 answered 1`,
	},
	{
		"who answers was not removed; who was rung before was", "queue_log", `
		0 logged_in sales agent=Ana
		100 logged_out sales agent=Ana
		105 answered sales agent=Ana leg=1.1 wait=20 ring=20
		110 completed sales agent=Ana leg=1.1 talk=5
		200 answered sales agent=Ana leg=1.2 wait=20 ring=10
		210 completed sales agent=Ana leg=1.2 talk=10
		300 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 300 staffed 200 available 190 talk 10 answered 2 completed 2 handled 15`,
	},
	{
		"a pause and its end within a second", "queue_log", `
		0 logged_in sales agent=Ana
		100 unpaused sales agent=Ana
		100 paused sales agent=Ana why=Mail
		200 unpaused sales agent=Ana
		200 paused sales agent=Ana why=Mail
		300 logged_out sales agent=Ana`,
		`08:00 Ana: first_login 0 last_logout 300 staffed 300 available 300`,
	},
}

func TestFoldCountsAgents(t *testing.T) {
	for _, c := range agentStories {
		t.Run(c.name, func(t *testing.T) {
			got := agentSeconds(until(c.format, events(t, c.story), 2*record.Hour).Agents)
			if diff := gocmp.Diff(rows(t, c.want), got); diff != "" {
				t.Errorf("want, got: %s", diff)
			}
		})
	}
}
