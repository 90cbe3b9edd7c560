package app

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/watch"
)

// What can be administered is what can be watched.
func TestThresholdsCanBeWatched(t *testing.T) {
	kind, ok := admin.KindNamed("threshold")
	measure, has := kind.Field("measure")
	if !ok || !has {
		t.Fatal("there is no measure")
	}
	var names []string
	for _, m := range watch.Measures() {
		names = append(names, string(m))
	}
	if diff := cmp.Diff(measure.Choices, names); diff != "" {
		t.Errorf("measures (-admin +watch):\n%s", diff)
	}
	for limit := range int64(700) {
		_, err := kind.Normal(admin.Row{Key: "t", Body: admin.Body{"measure": "abandoned", "limit": limit}})
		if can := limit == 0 || slices.Contains(acd.Bins(), int(limit)); can != (err == nil) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestReadLimits(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) // a Saturday
	if got, err := readLimits(t.Context(), data.Admin, now); err != nil || got.thresholds != nil {
		t.Fatal(got, err)
	}
	set := func(kind, key string, body admin.Body) admin.Edit {
		return admin.Edit{Kind: kind, Key: key, Body: body}
	}
	administer(t, data,
		set("queue", "sales", admin.Body{"service_level": int64(30)}), set("queue", "help", admin.Body{}),
		set("queue-group", "voice", admin.Body{"queues": []string{"sales", "help"}}), set("queue-group", "none", admin.Body{}),
		set("agent", "101", admin.Body{"aliases": []string{"PJSIP/101", "Ann Lee"}}), set("agent", "102", admin.Body{}),
		set("agent-group", "night", admin.Body{"agents": []string{"101", "102"}}),
		set("calendar", "desk", admin.Body{"hours": []string{"mon-fri 08:00-18:00"}}),
		set("threshold", "a", admin.Body{"measure": "waiting", "count": int64(3), "severity": "error", "name": "Many"}),
		set("threshold", "b", admin.Body{"measure": "waiting", "queue": "sales", "feed": "log"}),
		set("threshold", "c", admin.Body{"measure": "service_level", "percent": int64(80), "limit": int64(20), "queue_group": "voice"}),
		set("threshold", "d", admin.Body{"measure": "agent_state", "state": "paused", "reason": "lunch", "limit": int64(60), "agent_group": "night"}),
		set("threshold", "e", admin.Body{"measure": "agent_ring_no_answer", "agent": "101"}),
		set("threshold", "f", admin.Body{"measure": "waiting", "queue_group": "none"}),
		set("threshold", "off", admin.Body{"measure": "waiting", "off": true}),
		set("threshold", "shut", admin.Body{"measure": "waiting", "calendar": "desk"}))
	got, err := readLimits(t.Context(), data.Admin, now)
	if err != nil {
		t.Fatal(err)
	}
	want := limits{
		levels: watch.Levels{Standard: 20, Queues: map[string]int64{"sales": 30}},
		thresholds: []watch.Threshold{
			{Key: "a", Name: "Many", Measure: watch.Waiting, Count: 3, Severity: "error"},
			{Key: "b", Measure: watch.Waiting, Feed: "log", Names: watch.Names{"sales": true}, Severity: "warning"},
			{Key: "c", Measure: watch.ServiceLevel, Percent: 80, Limit: 20, Names: watch.Names{"sales": true, "help": true}, Severity: "warning"},
			{
				Key: "d", Measure: watch.AgentState, State: "paused", Reason: "lunch", Limit: 60, Severity: "warning",
				Names: watch.Names{"101": true, "102": true, "PJSIP/101": true, "Ann Lee": true},
			},
			{Key: "e", Measure: watch.AgentRingNoAnswer, Names: watch.Names{"101": true, "PJSIP/101": true, "Ann Lee": true}, Severity: "warning"},
			{Key: "f", Measure: watch.Waiting, Names: watch.Names{}, Severity: "warning"},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(limits{})); diff != "" {
		t.Error(diff)
	}
	if got, err = readLimits(t.Context(), data.Admin, now.AddDate(0, 0, 2)); err != nil || len(got.thresholds) != 7 {
		t.Errorf("on a Monday: %d, %v", len(got.thresholds), err)
	}
}
