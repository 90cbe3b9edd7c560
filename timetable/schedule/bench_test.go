package schedule_test

import (
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/twinctl/twin/timetable/schedule"
)

// BenchmarkNext goes from slot to slot, and lets the library do the same.
func BenchmarkNext(b *testing.B) {
	zone := mustZone("Europe/Berlin")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"0 6 * * *", "59 23 * * *", "*/5 * * * *", "30 6 * * 1-5", "0 0 1 * *", "0 0 29 2 *"} {
		ours, err := schedule.Parse(text, zone)
		if err != nil {
			b.Fatal(err)
		}
		theirs, err := cron.ParseStandard("TZ=Europe/Berlin " + text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("ours/"+text, func(b *testing.B) {
			at := start
			for b.Loop() {
				next, ok := ours.Next(at)
				if at = next; !ok || at.Year() > 2035 {
					at = start
				}
			}
		})
		b.Run("robfig/"+text, func(b *testing.B) {
			at := start
			for b.Loop() {
				if at = theirs.Next(at); at.Year() > 2035 {
					at = start
				}
			}
		})
	}
}

// BenchmarkParse reads what a start reads of each timetable.
func BenchmarkParse(b *testing.B) {
	zone := mustZone("Europe/Berlin")
	for b.Loop() {
		if _, err := schedule.Parse("30 6 * * 1-5", zone); err != nil {
			b.Fatal(err)
		}
	}
}
