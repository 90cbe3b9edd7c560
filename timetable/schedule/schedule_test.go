package schedule_test

import (
	"testing"
	"time"
	_ "time/tzdata" // as the programs have it

	"github.com/twinctl/twin/timetable/schedule"
)

func TestParse(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 10, 7, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"0 6 * * *":               "2026-11-22T05:00:00Z",
		"  0   6 * * *  ":         "2026-11-22T05:00:00Z",
		"seconds 30 0 6 * * *":    "2026-11-22T05:00:30Z",
		"0 6 * * 7":               "2026-11-22T05:00:00Z",
		"0 6 * * Mon":             "2026-11-23T05:00:00Z",
		"0 6 * * fri-sun":         "2026-11-22T05:00:00Z",
		"@hourly":                 "2026-11-21T11:00:00Z",
		"every 15m":               "2026-11-21T10:15:00Z",
		"@every 15m":              "2026-11-21T10:15:00Z",
		"at 2026-12-24T06:00":     "2026-12-24T05:00:00Z",
		"at 2026-12-24T06:00:00Z": "2026-12-24T06:00:00Z",
		"at 2027-03-28T02:30":     "2027-03-28T01:00:00Z",
		"at 2026-10-25T02:30":     "",
		"manual":                  "",
		"0 0 29 2 *":              "2028-02-28T23:00:00Z",
	} {
		s, err := schedule.Parse(text, berlin)
		if err != nil {
			t.Error(err)
			continue
		}
		got := ""
		if next, ok := s.Next(now); ok {
			got = next.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s: next %s, want %s", text, got, want)
		}
	}
}
