package report

import (
	"context"
	"testing"

	"github.com/twinctl/twin/collector/admin"
)

// TestQueueOverview: what rows come to is a sum of counts and a ratio of sums,
// each queue measured by its own service level.
func TestQueueOverview(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.misses(t, "pbx", "2026-11-21 10:00")
	r.hears(t, "pbx", "2026-11-21 10:30")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(4))
	r.queue("pbx", "2026-11-21 08:30", "sales", some(6))
	r.queue("pbx", "2026-11-21 08:30", "support", some(2))
	r.administer(t, row("queue", "sales", admin.Body{"name": "Sales, all", "service_level": int64(5)}))
	r.set(t, "ring_no_answer_min", "5")

	all, err := QueueOverview(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 10:30", Interval))
	if err != nil {
		t.Fatal(err)
	}
	const names = "start queue name offered answered service_level_pct asa_s answered_wait_max_s ring_no_answer complete"
	apart := answers(t)(all.Apart, nil)
	course := answers(t)(all.Course, nil)
	wants(t, course, names,
		"11-21T08:00+00:00 - - 4 2 0 10 4 0 true",
		"11-21T08:30+00:00 - - 8 4 12.5 10 6 0 true",
		"11-21T09:00+00:00 - - - - - - - - false",
		"11-21T09:30+00:00 - - - - - - - - false",
		"11-21T10:00+00:00 - - 0 0 - - - 0 true",
	)
	wants(t, apart, "start queue name offered answered answered_wait_max_s complete",
		"- sales Sales, all 10 5 6 false", "- support - 2 1 2 false")
	if got, want := shown(t, apart, apart.Total, names), shown(t, all.Rows, all.Rows.Total, names); got != want {
		t.Errorf("in total %s, want %s", got, want)
	}
	// By one measure for all, another share would be good.
	total := shown(t, all.Rows, all.Rows.Total, "service_level_pct")
	r.administer(t, row("queue", "sales", admin.Body{"name": "Sales, all"}))
	again, err := QueueOverview(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 10:30", Interval))
	if err != nil {
		t.Fatal(err)
	}
	if same := shown(t, again.Rows, again.Rows.Total, "service_level_pct"); same == total {
		t.Errorf("the service level of sales is 5 s or 20 s, and either way %s %% are in time", same)
	}
}

func TestAgentOverview(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 09:00")
	r.agent("pbx", "2026-11-21 08:00", "Kim", shift())
	r.agent("pbx", "2026-11-21 08:00", "Lee", shift())
	r.agent("pbx", "2026-11-21 08:30", "Lee", shift())
	all, err := AgentOverview(t.Context(), r.Sources, r.asks(t, "2026-11-21 08:00", "2026-11-21 09:00", Interval))
	if err != nil {
		t.Fatal(err)
	}
	wants(t, answers(t)(all.Course, nil), "start agent staffed_s paused_for_s answered aht_s",
		"11-21T08:00+00:00 - 1800 lunch 360, mail 120 6 150", "11-21T08:30+00:00 - 900 lunch 180, mail 60 3 150")
	wants(t, answers(t)(all.Apart, nil), "start agent staffed_s paused_for_s answered aht_s",
		"- Kim 900 lunch 180, mail 60 3 150", "- Lee 1800 lunch 360, mail 120 6 150")
	if got := shown(t, all.Rows, all.Rows.Total, "staffed_s answered"); got != "2700 9" {
		t.Errorf("in total %s", got)
	}
}

// TestTotalOfNothing: where nobody listened at all, the total is no zero.
func TestTotalOfNothing(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.hears(t, "pbx", "2026-11-21 08:15")
	r.misses(t, "pbx", "2026-11-21 10:00")
	r.queue("pbx", "2026-11-21 08:00", "sales", some(4))
	r.agent("pbx", "2026-11-21 08:00", "Kim", shift())
	ask := r.asks(t, "2026-11-21 08:30", "2026-11-21 09:30", Interval)
	table := answers(t)(Queue(t.Context(), r.Sources, ask))
	if got := shown(t, table, table.Total, "offered talk_s service_level_pct coverage_pct complete"); got != "- - - 0 false" {
		t.Errorf("queues in total: %s", got)
	}
	ask.Agents = []string{"Kim"}
	table = answers(t)(Agent(t.Context(), r.Sources, ask))
	if got := shown(t, table, table.Total, "staffed_s answered coverage_pct complete"); got != "- - 0 false" {
		t.Errorf("agents in total: %s", got)
	}
}

// TestNeverBegun: a feed that is configured and was never collected has nothing
// to tell, which is no error.
func TestNeverBegun(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.Feeds = []Feed{{Name: "new", Format: "ami", Source: "new"}}
	ask := Ask{From: at("2026-11-21 08:00"), To: at("2026-11-21 10:00"), Now: at("2026-11-21 11:00")}
	for name, question := range map[string]func(context.Context, Sources, Ask) (Table, error){"queue": Queue, "agent": Agent} {
		table := answers(t)(question(t.Context(), r.Sources, ask))
		if len(table.Rows) != 0 {
			t.Errorf("%s: %v", name, table.Rows)
		}
	}
}
