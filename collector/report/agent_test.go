package report

import (
	"encoding/json"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// shift is what is counted of an agent in a quarter hour.
func shift() acd.AgentCounts {
	const minute = record.Minute
	return acd.AgentCounts{
		Staffed: 15 * minute, Available: 3 * minute, Paused: 4 * minute, Ringing: minute, Talk: 6 * minute, OtherCall: minute,
		PausedFor: map[string]record.Instant{"lunch": 3 * minute, "mail": minute},
		Answered:  3, Completed: 2, Handled: 5 * minute, RingNoAnswer: 2, RingsNoAnswer: acd.Waits{0: 1, 15: 1},
		RingCancelled: 1, Transferred: 1,
	}
}

func TestAgents(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	first, last := shift(), shift()
	first.FirstLogin = at("2026-11-21 08:01")
	last.FirstLogin, last.LastLogout = at("2026-11-21 08:20"), at("2026-11-21 08:29:30")
	r.agent("pbx", "2026-11-21 08:00", "Kim", first)
	r.agent("pbx", "2026-11-21 08:15", "PJSIP/101", last)
	r.agent("pbx", "2026-11-21 08:45", "Lee", shift())
	r.administer(t,
		row("agent", "Kim", admin.Body{"name": "Evans, Kim", "aliases": []string{"PJSIP/101"}}),
		row("pause-reason", "mail", admin.Body{"name": "Writing mail", "productive": true}),
	)
	r.set(t, "time_zone", "Europe/Berlin")
	table := answers(t)(Agent(t.Context(), r.Sources, r.asks(t, "2026-11-21 00:00", "2026-11-22 00:00", Interval)))
	wants(t, table, "start agent name first_login last_logout staffed_s talk_s paused_s paused_for_s",
		"11-21T09:00+01:00 Kim Evans, Kim 11-21T09:01+01:00 11-21T09:29+01:00 1800 720 480 Writing mail 120, lunch 360",
		"11-21T09:30+01:00 Lee - - - 900 360 240 Writing mail 60, lunch 180",
	)
	wants(t, table, "answered ring_no_answer ring_cancelled transferred aht_s occupancy_pct ringing_s other_call_s wrap_up_s complete",
		"6 4 2 2 150 70 120 120 - true", "3 2 1 1 150 70 60 60 - true")
	if got := shown(t, table, table.Total, "agent staffed_s aht_s first_login complete"); got != "- 2700 150 11-21T09:01+01:00 true" {
		t.Errorf("in total: %s", got)
	}
	text, err := json.Marshal(table.Rows[0][8])
	if want := `{"Writing mail":120,"lunch":360}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}

	// Who is asked for has rows where nothing was done, too.
	ask := r.asks(t, "2026-11-21 08:00", "2026-11-21 08:30", Interval)
	ask.Agents = []string{"Lee", "PJSIP/101"}
	r.set(t, "ring_no_answer_min", "5")
	table = answers(t)(Agent(t.Context(), r.Sources, ask))
	wants(t, table, "agent staffed_s ring_no_answer first_login paused_for_s aht_s occupancy_pct", "Kim 1800 2 11-21T09:01+01:00 Writing mail 120, lunch 360 150 70", "Lee 0 0 -  - -")
}

func TestAgentsWhereNobodyListened(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.addFeed(t, Feed{Name: "log", Format: "queue_log", Source: "other"})
	r.hears(t, "pbx", "2026-11-21 08:30")
	r.hears(t, "log", "2026-11-21 09:30")
	r.misses(t, "pbx", "2026-11-21 09:00")
	r.hears(t, "pbx", "2026-11-21 09:30")
	r.agent("pbx", "2026-11-21 08:00", "Kim", shift())
	r.agent("log", "2026-11-21 08:00", "Lee", acd.AgentCounts{Staffed: 15 * record.Minute})
	table := answers(t)(Agent(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 09:30", Interval)))
	wants(t, table, "start agent staffed_s paused_for_s answered ringing_s other_call_s coverage_pct complete",
		"11-21T08:00+00:00 Kim 900 lunch 180, mail 60 3 60 60 100 true",
		"11-21T08:00+00:00 Lee 900  0 0 - 100 true",
		"11-21T08:30+00:00 Kim - - - - - 0 false",
	)
}
