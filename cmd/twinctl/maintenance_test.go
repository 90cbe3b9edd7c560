package main

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func TestAheadIsToCome(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 400_000_000, time.UTC)
	for text, want := range map[string]time.Time{
		"100ms":            now.Add(600 * time.Millisecond),
		"2h":               now.Add(2*time.Hour + 600*time.Millisecond),
		"2026-11-21T08:01": now.Add(time.Minute - 400*time.Millisecond),
	} {
		if got, err := ahead(text, now); err != nil || got != record.At(want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, record.At(want))
		}
	}
	for _, text := range []string{"", "0s", "-1h", "2026-11-21T08:00", "soon"} {
		if got, err := ahead(text, now); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
