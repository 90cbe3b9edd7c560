package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/timetable/schedule"
)

func TestWarnings(t *testing.T) {
	const both = `; for the days that are both, give it a calendar with days such as "2nd mon"`
	for _, c := range []struct {
		zone, text, now string
		want            []string
	}{
		{"Europe/Berlin", "0 6 * * *", "2026-01-01", nil},
		{"Europe/Berlin", "manual", "2026-01-01", nil},
		{"Europe/Berlin", "every 15m", "2026-01-01", nil},
		{"Europe/Berlin", "30 * * * *", "2026-01-01", nil},
		{"Europe/Berlin", "30 2 * * *", "2026-01-01", []string{
			"on 2026-03-29 02:30 does not exist: runs at 03:00", "on 2026-10-25 02:30 comes twice: runs the first time",
		}},
		{"Europe/Berlin", "30 2 * * *", "2026-03-30", []string{
			"on 2026-10-25 02:30 comes twice: runs the first time", "on 2027-03-28 02:30 does not exist: runs at 03:00",
		}},
		{"Europe/Berlin", "*/10 2 * * *", "2026-01-01", []string{
			"on 2026-03-29 02:00 to 02:50 do not exist: runs once for them, at 03:00", "on 2026-10-25 02:00 to 02:50 come twice: runs the first time",
		}},
		{"Europe/Berlin", "30 2 * * 1-6", "2026-01-01", nil}, // clocks are set on a Sunday
		{"Europe/Berlin", "0 3 * * *", "2026-01-01", nil},
		{"Europe/Berlin", "seconds 15 30 2 * * *", "2026-01-01", []string{
			"on 2026-03-29 02:30:15 does not exist: runs at 03:00", "on 2026-10-25 02:30:15 comes twice: runs the first time",
		}},
		{"Africa/Cairo", "0 0 * * *", "2026-01-01", []string{"on 2026-04-24 00:00 does not exist: runs at 01:00"}},
		{"Africa/Cairo", "30 23 * * *", "2026-01-01", []string{"on 2026-10-29 23:30 comes twice: runs the first time"}},
		{"Australia/Lord_Howe", "15 2 * * *", "2026-05-01", []string{"on 2026-10-04 02:15 does not exist: runs at 02:30"}},
		{"Pacific/Apia", "0 6 * * *", "2011-12-01", []string{"on 2011-12-30 06:00 does not exist: runs at 2011-12-31 00:00"}},
		{"UTC", "0 0 13 * 5", "2026-11-21", []string{
			"day of the month and weekday are both set, and one is enough: runs on Fri 2026-11-27, Fri 2026-12-04 and Fri 2026-12-11" + both,
		}},
		{"UTC", "0 * */15 * 1", "2026-11-21", []string{
			"day of the month and weekday are both set, and one is enough: runs on Mon 2026-11-23, Mon 2026-11-30 and Tue 2026-12-01" + both,
		}},
		{"Europe/Berlin", "at 2027-03-28T02:30", "2026-01-01", []string{"on 2027-03-28 02:30 does not exist: runs at 03:00"}},
		{"Europe/Berlin", "at 2026-10-25T02:30", "2026-01-01", []string{"on 2026-10-25 02:30 comes twice: runs the first time"}},
		{"Europe/Berlin", "at 2026-10-25T03:00", "2026-01-01", nil},
		{"Europe/Berlin", "at 2026-10-25T00:30:00Z", "2026-01-01", nil},
		{"Europe/Berlin", "at 2026-01-01T00:30", "2026-01-01", []string{"this is past: it never runs"}},
	} {
		s, err := schedule.Parse(c.text, mustZone(c.zone))
		if err != nil {
			t.Error(err)
			continue
		}
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Warnings(now); !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %q, want %q", c.text, c.zone, got, c.want)
		}
	}
}
