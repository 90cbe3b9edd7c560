package timetable

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/timetable/task"
)

func site() Site {
	return Site{
		Zone:       time.UTC,
		Calendars:  map[string]Calendar{"night": {Open: func(at time.Time) bool { return at.Hour() < 6 }, Mark: "1"}},
		Permission: func(login string) string { return map[string]string{"ann": "admin", "bob": "view"}[login] },
		Check: func(t task.Task) error {
			if t.Kind == "exec" && t.Args[0] == "/none" {
				return errors.New("exec: /none is not there")
			}
			return nil
		},
	}
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		body    admin.Body
		runsOn  string
		least   bool
		problem string
		err     string
	}{
		"as its tasks want":         {body: admin.Body{"tasks": []string{"backup full"}}, runsOn: OnBoth, least: true},
		"one leaves the house":      {body: admin.Body{"tasks": []string{"backup full", "report queue"}}, runsOn: OnPrimary, least: true},
		"where it is said":          {body: admin.Body{"tasks": []string{"backup full"}, "runs_on": "cms-b"}, runsOn: "cms-b", least: true},
		"exec may not run twice":    {body: admin.Body{"tasks": []string{"exec /bin/true"}}, runsOn: OnPrimary},
		"exec may, as it is said":   {body: admin.Body{"tasks": []string{"exec /bin/true"}, "after_crash": "at_least_once"}, runsOn: OnPrimary, least: true},
		"may not, as it is said":    {body: admin.Body{"tasks": []string{"check"}, "after_crash": "at_most_once"}, runsOn: OnPrimary},
		"owner may":                 {body: admin.Body{"tasks": []string{"sync"}, "owner": "ann"}, runsOn: OnPrimary, least: true},
		"owner may not":             {body: admin.Body{"tasks": []string{"check", "sync"}, "owner": "bob"}, runsOn: OnPrimary, least: true, problem: "bob may not: sync wants operate"},
		"owner is gone":             {body: admin.Body{"tasks": []string{"check"}, "owner": "cid"}, runsOn: OnPrimary, least: true, problem: "cid may not: check wants view"},
		"task cannot":               {body: admin.Body{"tasks": []string{"exec /none"}}, runsOn: OnPrimary, problem: "exec: /none is not there"},
		"schedule that never is":    {body: admin.Body{"tasks": []string{"check"}, "schedule": "0 0 31 2 *"}, err: `timetable t: schedule "0 0 31 2 *"`},
		"task of no kind":           {body: admin.Body{"tasks": []string{"check", "bakup full"}}, err: "task 2: unknown kind"},
		"no task":                   {body: admin.Body{}, err: "tasks: there is none"},
		"zone that is none":         {body: admin.Body{"tasks": []string{"check"}, "zone": "Mars/Base"}, err: `zone "Mars/Base" is unknown here`},
		"calendar that is not here": {body: admin.Body{"tasks": []string{"check"}, "not_on": "day"}, err: `not_on: calendar "day"`},
		"pause until when":          {body: admin.Body{"tasks": []string{"check"}, "paused_until": "tomorrow"}, err: `paused_until "tomorrow"`},
	} {
		c.body["name"] = "t"
		if c.body["schedule"] == nil {
			c.body["schedule"] = "0 6 * * *"
		}
		got, err := NewReader(site()).Read(admin.Row{Kind: "timetable", Key: "x", Body: c.body})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", name, err, c.err)
			}
			continue
		}
		if err != nil || got.RunsOn != c.runsOn || got.AtLeastOnce != c.least || got.Problem != c.problem {
			t.Errorf("%s: on %s, at least once %t, problem %q: %v", name, got.RunsOn, got.AtLeastOnce, got.Problem, err)
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	row := admin.Row{Kind: "timetable", Key: "x", Body: admin.Body{"name": "t", "schedule": "0 6 * * *", "tasks": []string{"check"}}}
	got, err := NewReader(site()).Read(row)
	if err != nil {
		t.Fatal(err)
	}
	if got.CatchUp != Latest || got.OnPromotion != Latest || got.Overlap != OverlapSkip || got.Grace != 7*24*time.Hour ||
		got.CatchUpMax != 100 || got.Spacing != 10*time.Second || got.RetryDelay != time.Minute || got.Continue || got.Open != nil {
		t.Errorf("%+v", got)
	}
	row.Body["retries"] = int64(1)
	again, err := NewReader(site()).Read(row)
	if err != nil || again.Mark == got.Mark {
		t.Errorf("an edit leaves the mark %s: %v", again.Mark, err)
	}
	row.Body["calendar"] = "night"
	by1, _ := NewReader(site()).Read(row)
	other := site()
	other.Calendars["night"] = Calendar{Mark: "2"}
	if by2, err := NewReader(other).Read(row); err != nil || by1.Mark == by2.Mark {
		t.Errorf("an edit of its calendar leaves the mark: %v", err)
	}
}

// The secondary starts later, always alike, and never so much that it matters.
func TestStagger(t *testing.T) {
	for schedule, most := range map[string]time.Duration{
		"* * * * *": 6 * time.Second, "0 * * * *": 6 * time.Minute, "0 6 * * *": 15 * time.Minute, "seconds * * * * * *": 0,
		"at 2030-01-01T06:00": 15 * time.Minute,
	} {
		seen := map[time.Duration]bool{}
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			tt, err := NewReader(site()).Read(admin.Row{Kind: "timetable", Key: id, Body: admin.Body{
				"name": id, "schedule": schedule, "tasks": []string{"backup full"},
			}})
			if err != nil {
				t.Fatal(err)
			}
			slot, _ := tt.Schedule.Next(time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC))
			d := tt.Stagger(slot, node.Secondary)
			if d < 0 || d > most || d != tt.Stagger(slot, node.Secondary) || tt.Stagger(slot, node.Primary) != 0 {
				t.Errorf("%s: %s waits %v, want at most %v", schedule, id, d, most)
			}
			seen[d] = true
		}
		if most > time.Minute && len(seen) < 3 {
			t.Errorf("%s: six wait %v", schedule, seen)
		}
	}
}

func TestSameSlots(t *testing.T) {
	is := admin.Body{"name": "a", "schedule": "@daily", "tasks": []string{"backup full"}}
	for name, c := range map[string]struct {
		field string
		value any
		want  bool
	}{
		"another name":        {"name", "b", true},
		"paused":              {"paused", true, true},
		"another schedule":    {"schedule", "@hourly", false},
		"another zone":        {"zone", "Europe/Berlin", false},
		"another place":       {"runs_on", OnSecondary, false},
		"other tasks":         {"tasks", []string{"backup full", "verify"}, true},
		"tasks elsewhere":     {"tasks", []string{"backup full", "report queue"}, false},
		"tasks of no meaning": {"tasks", []string{""}, false},
	} {
		body := maps.Clone(is)
		body[c.field] = c.value
		if got := SameSlots(is, body); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
