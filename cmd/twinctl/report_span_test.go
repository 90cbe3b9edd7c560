package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/timetable/task"
)

func TestPeriodOf(t *testing.T) {
	for _, c := range []struct {
		period, now, zone string
		week              time.Weekday
		want              string
	}{
		{"today", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Monday, "2026-11-20T23:00:00Z 2026-11-21T10:30:00Z"},
		{"yesterday", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Monday, "2026-11-19T23:00:00Z 2026-11-20T23:00:00Z"},
		{"yesterday", "2026-11-20T23:00:00Z", "Europe/Berlin", time.Monday, "2026-11-19T23:00:00Z 2026-11-20T23:00:00Z"}, // a slot at midnight
		{"yesterday", "2026-10-26T06:00:00Z", "Europe/Berlin", time.Monday, "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z"}, // 25 hours
		{"this-week", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Monday, "2026-11-15T23:00:00Z 2026-11-21T10:30:00Z"},
		{"this-week", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Sunday, "2026-11-14T23:00:00Z 2026-11-21T10:30:00Z"},
		{"this-week", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Saturday, "2026-11-20T23:00:00Z 2026-11-21T10:30:00Z"},
		{"last-week", "2026-11-21T10:30:00Z", "Europe/Berlin", time.Monday, "2026-11-08T23:00:00Z 2026-11-15T23:00:00Z"},
		{"last-week", "2026-11-16T00:30:00Z", "UTC", time.Monday, "2026-11-09T00:00:00Z 2026-11-16T00:00:00Z"},
		{"last-week", "2026-11-15T23:30:00Z", "UTC", time.Monday, "2026-11-02T00:00:00Z 2026-11-09T00:00:00Z"},
		{"last-week", "2026-10-29T12:00:00Z", "Europe/Berlin", time.Monday, "2026-10-18T22:00:00Z 2026-10-25T23:00:00Z"}, // an hour longer
		{"this-month", "2026-03-31T10:00:00Z", "UTC", time.Monday, "2026-03-01T00:00:00Z 2026-03-31T10:00:00Z"},
		{"last-month", "2026-03-31T10:00:00Z", "UTC", time.Monday, "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z"},
		{"last-month", "2026-01-01T00:00:00Z", "UTC", time.Monday, "2025-12-01T00:00:00Z 2026-01-01T00:00:00Z"},
		{"last-month", "2026-05-15T10:00:00Z", "Africa/Cairo", time.Monday, "2026-03-31T22:00:00Z 2026-04-30T21:00:00Z"},
		{"today", "2026-11-21T00:00:00Z", "UTC", time.Monday, "only just begun"},
		{"this-month", "2026-12-01T00:00:00Z", "UTC", time.Monday, "only just begun"},
		{"tomorrow", "2026-11-21T00:00:00Z", "UTC", time.Monday, "want today"},
		{"", "2026-11-21T00:00:00Z", "UTC", time.Monday, "want today"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		span, err := periodOf(c.period, now, report.Settings{Zone: zone, WeekStart: c.week})
		got := span.From.Time().Format(time.RFC3339) + " " + span.To.Time().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s at %s in %s: %s, want %s", c.period, c.now, c.zone, got, c.want)
		}
	}
}

// A slot is what today means to what a timetable runs, unless a person says
// another time.
func TestAskedAt(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)
	for _, c := range []struct{ slot, asOf, from, to, want string }{
		{"", "", "yesterday", "today", "2026-11-20T00:00:00Z 2026-11-21T00:00:00Z"},
		{"2026-11-10T06:00:00Z", "", "yesterday", "today", "2026-11-09T00:00:00Z 2026-11-10T00:00:00Z"},
		{"2026-11-10T06:00:00Z", "", "1h", "now", "2026-11-10T05:00:00Z 2026-11-10T06:00:00Z"},
		{"2026-11-10T06:00:00Z", "2026-11-05", "yesterday", "now", "2026-11-04T00:00:00Z 2026-11-05T00:00:00Z"},
		{"2026-11-10T06:00:00Z", "", "2026-11-01", "2026-11-02", "2026-11-01T00:00:00Z 2026-11-02T00:00:00Z"},
		{"", "24h", "1h", "now", "2026-11-20T09:30:00Z 2026-11-20T10:30:00Z"},
		{"soon", "", "1h", "now", "TWIN_SLOT"},
		{"2026-11-22T06:00:00Z", "", "1h", "now", "lies ahead"},
		{"2026-11-10T06:00:00Z", "", "today", "yesterday", "nothing between"},
	} {
		t.Setenv(task.SlotVariable, c.slot)
		s := stretch{from: c.from, to: c.to, asOf: c.asOf}
		span, err := s.read(now, report.Settings{Zone: time.UTC})
		got := span.From.Time().Format(time.RFC3339) + " " + span.To.Time().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestFileName(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC).In(zone)
	n := naming{server: "a/../b", report: "weekly", begins: at, made: at.AddDate(0, 0, 1)}
	for pattern, want := range map[string]string{
		"":                    "",
		"plain.csv":           "plain.csv",
		"/x/{date}.csv":       "/x/2027-01-01.csv",
		"{time}{year}{month}": "003020272027-01",
		"{week}":              "2026-W53",
		"{made}-{report}":     "2027-01-02T003000-weekly",
		"{server}":            "a-..-b",
		"}{date}}":            "}2027-01-01}",
		"{":                   "is not closed",
		"{}":                  "unknown {}",
		"{repot}":             "did you mean {report}?",
		"{{date}}":            "unknown {{date}",
	} {
		got, err := fileName(pattern, n)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
	for text, want := range map[string]string{
		"Weekly, sales & more": "weekly-sales-more", "../../etc/passwd": "etc-passwd", "Übersicht": "bersicht", "出来高": "", "a\x00\n": "a",
		strings.Repeat("a ", 60): strings.TrimSuffix(strings.Repeat("a-", 30), "-"),
	} {
		if got := slug(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
