package main

import (
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func TestWhen(t *testing.T) {
	for _, c := range []struct{ text, zone, want string }{
		{"now", "Europe/Berlin", "2026-11-21T10:30:00Z"},
		{"today", "Europe/Berlin", "2026-11-20T23:00:00Z"},
		{"today", "Pacific/Auckland", "2026-11-20T11:00:00Z"},
		{"yesterday", "UTC", "2026-11-20T00:00:00Z"},
		{"2h30m", "UTC", "2026-11-21T08:00:00Z"},
		{"-2h", "UTC", "2026-11-21T08:30:00Z"},
		{"2026-11-01", "America/New_York", "2026-11-01T04:00:00Z"},
		{"2026-11-02", "America/New_York", "2026-11-02T05:00:00Z"},
		{"2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00Z"}, // 01:00 follows 23:59
		{"2026-10-30", "Africa/Cairo", "2026-10-29T22:00:00Z"}, // 23:00 to 24:00 came twice before
		{"2026-10-29", "Africa/Cairo", "2026-10-28T21:00:00Z"},
		{"2026-11-21T08:30", "Europe/Berlin", "2026-11-21T07:30:00Z"},
		{"2026-11-21 08:30:15", "Europe/Berlin", "2026-11-21T07:30:15Z"},
		{"2026-11-21T08:30:00Z", "Europe/Berlin", "2026-11-21T08:30:00Z"},
		{"2026-11-21T08:30:00+02:00", "Europe/Berlin", "2026-11-21T06:30:00Z"},
		{"tomorrow", "UTC", ""},
		{"2026-13-01", "UTC", ""},
		{"", "UTC", ""},
		{"--2h", "UTC", ""},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)
		got, err := when(c.text, now, zone)
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "want today") {
				t.Errorf("%q: %v, %v", c.text, got, err)
			}
			continue
		}
		var want record.Instant
		if err := want.UnmarshalText([]byte(c.want)); err != nil {
			t.Fatal(err)
		}
		if got != want || err != nil {
			t.Errorf("%q in %s: %v, %v, want %v", c.text, c.zone, got, err, want)
		}
	}
}
