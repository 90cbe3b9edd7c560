package schedule_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/timetable/schedule"
)

func drawZone(t *rapid.T) *time.Location {
	return mustZone(rapid.SampledFrom([]string{
		"UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Juneau", "Australia/Lord_Howe", "Africa/Cairo",
		"Africa/Casablanca", "Africa/Monrovia", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Chatham",
		"Antarctica/Troll", "Asia/Kathmandu", "Asia/Manila", "Asia/Gaza",
	}).Draw(t, "zone"))
}

// drawTime draws from 1900 to 2200, and often a time at which something happens.
func drawTime(t *rapid.T, zone *time.Location) time.Time {
	first, last := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	at := time.Unix(rapid.Int64Range(first.Unix(), last.Unix()).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
	switch rapid.IntRange(0, 2).Draw(t, "near") {
	case 0:
		if _, end := at.In(zone).ZoneBounds(); !end.IsZero() && end.Before(last) {
			at = end.Add(time.Duration(rapid.Int64Range(int64(-3*time.Hour), int64(3*time.Hour)).Draw(t, "off")))
		}
	case 1: // the last day of a leap year
		at = time.Date(at.Year()/4*4, 12, 31, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	}
	return at
}

func drawText(t *rapid.T) string {
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return "every " + strconv.Itoa(rapid.IntRange(1, 100_000).Draw(t, "step")) + "s"
	case 1:
		return rapid.SampledFrom([]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}).Draw(t, "descriptor")
	case 2:
		return "seconds " + drawField(t, 0, 59, true) + " " + drawFields(t)
	}
	return drawFields(t)
}

// TestNextIsOneLine holds that the slots of a schedule lie in one order, from
// wherever one looks: the next one is later, on a whole second and in UTC, and
// it is the next one for every time up to it.
func TestNextIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t)
		s, err := schedule.Parse(drawText(t), zone)
		if err != nil {
			t.Skip("never comes")
		}
		after := drawTime(t, zone)
		for range 5 {
			next, ok := s.Next(after)
			if !ok || !next.After(after) || next.Nanosecond() != 0 || next.Location() != time.UTC {
				t.Fatalf("%s, %s: after %s comes %s, %v", s, zone, after, next, ok)
			}
			between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
			if again, _ := s.Next(between); !again.Equal(next) {
				t.Fatalf("%s, %s: after %s comes %s, but after %s %s", s, zone, after, next, between, again)
			}
			holds(t, s, next)
			if again, _ := s.Next(next.Add(-time.Nanosecond)); !again.Equal(next) {
				t.Fatalf("%s, %s: just before %s comes %s", s, zone, next, again)
			}
			after = next
		}
	})
}

// holds that a slot of fields is one that they name, or the end of a leap.
func holds(t *rapid.T, s schedule.Schedule, slot time.Time) {
	if strings.HasPrefix(s.String(), "every") || strings.HasPrefix(s.String(), "@") {
		return
	}
	n := readNaive(s.String())
	w, just := slot.In(s.Zone()), slot.Add(-time.Second).In(s.Zone())
	_, offset := w.Zone()
	_, before := just.Zone()
	if offset <= before && !n.names(w.Unix()+int64(offset), time.Second) {
		t.Fatalf("%s, %s: %s is not on it", s, s.Zone(), w)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"0 6 * * *", "seconds 30 0 6 * * *", "*/15 8-17 * * mon-fri", "0 0 29 2 *", "0 0 13 * 5", "@hourly", "every 1h30m",
		"at 2026-12-24T06:00", "at 2026-12-24T06:00:00+01:00", "manual", "TZ=UTC 0 6 * * *", "0 6 * * fri-7", "*-5 * * * *", ", * * * *",
	} {
		f.Add(text, int64(1_795_000_000))
	}
	zone := mustZone("Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string, sec int64) {
		s, err := schedule.Parse(text, zone)
		if err != nil {
			if said := err.Error(); inert.Text(said) != said {
				t.Errorf("%q: %q", text, said)
			}
			return
		}
		again, err := schedule.Parse(s.String(), zone)
		if err != nil || !again.Equal(s) {
			t.Fatalf("%q becomes %q, %v", text, s, err)
		}
		now := time.Unix(sec%(1<<34), 0) // up to 2514
		next, ok := s.Next(now)
		if ok && !next.After(now) {
			t.Errorf("%s: after %s comes %s", s, now, next)
		}
		if s.Words() == "" {
			t.Errorf("%s has no words", s)
		}
		s.Warnings(now)
		for range 5 {
			now, _ = s.Next(now)
		}
	})
}
