package page

import (
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/report"
)

func labelsOf(ticks []plot.Tick) string {
	var all []string
	for _, t := range ticks {
		all = append(all, t.Label)
	}
	return strings.Join(all, " ")
}

func TestMeasures(t *testing.T) {
	for _, c := range []struct {
		name string
		m    measure
		most float64
		want string
	}{
		{"nothing", calls(), 0, "0 1"},
		{"one", calls(), 1, "0 1"},
		{"some", calls(), 7, "0 2 4 6 8"},
		{"many", calls(), 36, "0 10 20 30 40"},
		{"thousands", calls(), 12094, "0 5000 10000 15000"},
		{"parts of an hour", hours(), 0.35, "0 0.1 0.2 0.3 0.4"},
		{"hours", hours(), 61, "0 20 40 60 80"},
		{"percent", percent("percent"), 0, "0 20 40 60 80 100"},
		{"seconds", lengths(), 4, "0:00 0:01 0:02 0:03 0:04"},
		{"minutes", lengths(), 123, "0:00 0:30 1:00 1:30 2:00 2:30"},
		{"a long wait", lengths(), 9000, "0:00 30:00 1:00:00 1:30:00 2:00:00 2:30:00"},
	} {
		if got := labelsOf(c.m.axis(c.most).ticks); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestAxisHolds: whatever the highest value, the axis reaches it, and its ticks
// are few and begin at zero.
func TestAxisHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Float64Range(0, 1e15).Draw(t, "most")
		for _, m := range []measure{calls(), hours(), lengths()} {
			a := m.axis(most)
			if a.max < most || len(a.ticks) < 2 || len(a.ticks) > mostValues+1 || a.ticks[0].Value != 0 {
				t.Fatalf("%s up to %g: axis to %g with ticks %s", m.label, most, a.max, labelsOf(a.ticks))
			}
		}
	})
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		name, zone, from, to string
		by                   report.By
		want                 string
	}{
		{"a morning", "Europe/Berlin", "2026-11-20 08:00", "2026-11-20 12:30", report.Interval, "08:00 08:30 09:00 09:30 10:00 10:30 11:00 11:30 12:00 12:30"},
		{"a day", "Europe/Berlin", "2026-11-20 00:00", "2026-11-21 00:00", report.Interval, "00:00 02:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00 00:00"},
		{"a long day", "America/New_York", "2026-11-01 00:00", "2026-11-02 00:00", report.Interval, "00:00 02:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00 00:00"},
		{"a short night", "America/New_York", "2026-03-08 00:00", "2026-03-08 06:00", report.Interval, "00:00 00:30 01:00 01:30 03:00 03:30 04:00 04:30 05:00 05:30 06:00"},
		{"no midnight", "Africa/Cairo", "2026-04-24 00:00", "2026-04-24 05:00", report.Interval, "01:00 01:30 02:00 02:30 03:00 03:30 04:00 04:30 05:00"},
		{"two days", "Europe/Berlin", "2026-11-20 00:00", "2026-11-22 00:00", report.Interval, "20 Nov 06:00 12:00 18:00 21 Nov 06:00 12:00 18:00 22 Nov"},
		{"a week", "Europe/Berlin", "2026-11-16 00:00", "2026-11-23 00:00", report.Day, "16 Nov 17 Nov 18 Nov 19 Nov 20 Nov 21 Nov 22 Nov 23 Nov"},
		{"a month", "Europe/Berlin", "2026-11-01 00:00", "2026-12-01 00:00", report.Day, "1 Nov 8 Nov 15 Nov 22 Nov 29 Nov"},
		{"a year", "Europe/Berlin", "2026-01-01 00:00", "2027-01-01 00:00", report.Month, "Jan 2026 Feb 2026 Mar 2026 Apr 2026 May 2026 Jun 2026 Jul 2026 Aug 2026 Sep 2026 Oct 2026 Nov 2026 Dec 2026 Jan 2027"},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			var ends [2]time.Time
			for i, text := range []string{c.from, c.to} {
				if ends[i], err = time.ParseInLocation("2006-01-02 15:04", text, zone); err != nil {
					t.Fatal(err)
				}
			}
			if got := labelsOf(times(ends[0], ends[1], c.by).ticks); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		long    bool
		want    string
	}{{0, false, "0:00"}, {23.6, false, "0:24"}, {3599.4, false, "59:59"}, {3599.6, false, "1:00:00"}, {90, true, "0:01:30"}, {360000, true, "100:00:00"}, {-5, false, "-0:05"}} {
		if got := clock(c.seconds, c.long); got != c.want {
			t.Errorf("%g: %s, want %s", c.seconds, got, c.want)
		}
	}
}
