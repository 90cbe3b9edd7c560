package report

import (
	"errors"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

func TestExceptions(t *testing.T) {
	r := newRig(t, "2026-11-21 08:00")
	r.addFeed(t, Feed{Name: "log", Format: "queue_log", Source: "other"})
	r.administer(t,
		row("queue", "sales", admin.Body{"name": "Sales"}),
		row("agent", "101", admin.Body{"name": "Ann Lee", "aliases": []string{"PJSIP/101"}}),
		row("calendar", "desk", admin.Body{"hours": []string{"mon-sun 09:00-18:00"}}))
	e := func(when, threshold, measure, feed, object string) history.Exception {
		return history.Exception{
			At: at(when), Start: floor(at(when)), Threshold: threshold, Measure: measure, Severity: "warning", Feed: feed, Object: object,
			Limit: 30, Count: 1, Value: 2, Text: object + " \x1b[2J",
		}
	}
	level := e("2026-11-21 09:10", "c", "service_level", "pbx", "sales")
	level.Name, level.Percent, level.Value = "Level", 80, 79
	lunch := e("2026-11-21 10:01", "b", "agent_state", "pbx", "PJSIP/101")
	lunch.Since = at("2026-11-21 09:59")
	_, err := r.History.AddExceptions(t.Context(), []history.Exception{
		e("2026-11-21 08:20", "a", "waiting", "pbx", "sales"), level, lunch, e("2026-11-21 11:00", "d", "feed_silent", "log", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	const names = "at interval since threshold name measure of object object_name limit_s percent value"
	first := "11-21T08:20+00:00 11-21T08:15+00:00 - a - waiting queue sales Sales 30 - 2"
	second := "11-21T09:10+00:00 11-21T09:00+00:00 - c Level service_level queue sales Sales 30 80 79"
	third := "11-21T10:01+00:00 11-21T10:00+00:00 11-21T09:59+00:00 b - agent_state agent PJSIP/101 Ann Lee 30 - 2"
	fourth := "11-21T11:00+00:00 11-21T11:00+00:00 - d - feed_silent feed - - 30 - 2"
	for name, c := range map[string]struct {
		change func(*Ask)
		want   []string
	}{
		"all":          {func(*Ask) {}, []string{first, second, third, fourth}},
		"of queues":    {func(a *Ask) { a.Queues = []string{"Sales"} }, []string{first, second}},
		"of agents":    {func(a *Ask) { a.Agents = []string{"Ann Lee"} }, []string{third}},
		"of both":      {func(a *Ask) { a.Queues, a.Agents = []string{"sales"}, []string{"101"} }, []string{first, second, third}},
		"of a feed":    {func(a *Ask) { a.Feed = "log" }, []string{fourth}},
		"of a stretch": {func(a *Ask) { a.From, a.To = at("2026-11-21 09:00"), at("2026-11-21 10:00") }, []string{second}},
		"open hours":   {func(a *Ask) { a.OpenHours = "desk" }, []string{second, third, fourth}},
	} {
		ask := Ask{From: at("2026-11-21 00:00"), To: at("2026-11-22 00:00")}
		c.change(&ask)
		t.Run(name, func(t *testing.T) { wants(t, answers(t)(Exceptions(t.Context(), r.Sources, ask)), names, c.want...) })
	}
	wants(t, answers(t)(Exceptions(t.Context(), r.Sources, Ask{From: at("2026-11-22 00:00"), To: at("2026-11-23 00:00"), Queues: []string{"sales"}})), "at")
	for name, ask := range map[string]Ask{
		"feed": {Feed: "nope"}, "calendar": {OpenHours: "nope"}, "queue": {Queues: []string{"sale"}}, "agent": {Agents: []string{"102"}},
		"one of two": {Queues: []string{"sales", "nope"}},
	} {
		ask.To = record.Day
		if _, err := Exceptions(t.Context(), r.Sources, ask); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
