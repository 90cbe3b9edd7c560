package main

import (
	"testing"
	"time"
)

func TestFirstKept(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600)) // still February in UTC
	for text, want := range map[string]string{
		"2025-11-01": "2025-11-01",
		"0d":         "2026-02-28",
		"1d":         "2026-02-27",
		"365d":       "2025-02-28",
		"-1d":        "",
		"1.5d":       "",
		"99999999d":  "",
		"d":          "",
		"yesterday":  "",
		"24h":        "",
		"":           "",
	} {
		got := ""
		if day, err := firstKept(text, now); err == nil {
			got = day.Format(time.DateOnly)
			if !day.Equal(day.Truncate(24*time.Hour)) || day.Location() != time.UTC {
				t.Errorf("%q: %s is no day in UTC", text, day)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
