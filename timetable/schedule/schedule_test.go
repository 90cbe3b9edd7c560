package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/timetable/schedule"
)

func TestParse(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 7, 0, 0, time.UTC) // a Saturday
	for text, want := range map[string]string{
		"0 6 * * *":                      "2026-11-22T05:00:00Z",
		"  0   6 * * *  ":                "2026-11-22T05:00:00Z",
		"seconds 30 0 6 * * *":           "2026-11-22T05:00:30Z",
		"0 6 * * 7":                      "2026-11-22T05:00:00Z",
		"0 6 * * Mon":                    "2026-11-23T05:00:00Z",
		"0 6 * * fri-sun":                "2026-11-22T05:00:00Z",
		"0 6 * * 5-7/2":                  "2026-11-22T05:00:00Z",
		"0 6 * * 0-0":                    "2026-11-22T05:00:00Z",
		"0 6 * * sun-sun":                "2026-11-22T05:00:00Z",
		"0 6 * * 7-7":                    "2026-11-22T05:00:00Z",
		"0 6 * * 0-7":                    "2026-11-22T05:00:00Z",
		"0 6 ? * ?":                      "2026-11-22T05:00:00Z",
		"0 6 * DEC *":                    "2026-12-01T05:00:00Z",
		"5/20 * * * *":                   "2026-11-21T10:25:00Z",
		"0 0 29 2 *":                     "2028-02-28T23:00:00Z",
		"0 0 31 2 1":                     "2027-01-31T23:00:00Z", // Mondays in February
		"@hourly":                        "2026-11-21T11:00:00Z",
		"@Daily":                         "2026-11-21T23:00:00Z",
		"@midnight":                      "2026-11-21T23:00:00Z",
		"@weekly":                        "2026-11-21T23:00:00Z",
		"@monthly":                       "2026-11-30T23:00:00Z",
		"@yearly":                        "2026-12-31T23:00:00Z",
		"@annually":                      "2026-12-31T23:00:00Z",
		"every 15m":                      "2026-11-21T10:15:00Z",
		"@every 15m":                     "2026-11-21T10:15:00Z",
		"EVERY 1h":                       "2026-11-21T11:00:00Z",
		"every 7m":                       "2026-11-21T10:13:00Z", // 4,274,419 steps since 1970
		"at 2026-12-24T06:00":            "2026-12-24T05:00:00Z",
		"at 2026-12-24 06:00:30":         "2026-12-24T05:00:30Z",
		"@at 2026-12-24T06:00:00-05:00":  "2026-12-24T11:00:00Z",
		"at 2027-03-28T02:30":            "2027-03-28T01:00:00Z", // leapt over
		"at 2027-10-31T02:30":            "2027-10-31T00:30:00Z", // shown twice
		"at 2026-10-25T02:30":            "",
		"manual":                         "",
		"@manual":                        "",
		"seconds 0,30 59 23 31 12 fri,7": "2026-12-04T22:59:00Z",
	} {
		s, err := schedule.Parse(text, mustZone("Europe/Berlin"))
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

// TestRefusals looks for the way out in what is said of a text.
func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "is empty: want one, as 0 6 * * *, or manual",
		"   ":                            "is empty",
		strings.Repeat("0 6 * * * ", 30): "300 bytes: want at most 256",
		"0\u00a06 * * *":                 "plain characters only",
		"0\t6 * * *":                     "plain characters only",
		"0 6 * * *\x00":                  "plain characters only",
		"TZ=":                            "say the zone beside the schedule",
		"CRON_TZ=UTC 0 6 * * *":          "say the zone beside the schedule",
		"tz=UTC 0 6 * * *":               "say the zone beside the schedule",
		"tomorrow":                       "want 5 fields, as 0 6 * * *, or @daily, every 15m, at 2026-12-24T06:00, manual",
		"0 6 * *":                        "want 5 fields",
		"0 0 6 * * *":                    "say that the first is seconds, as seconds 0 0 6 * * *",
		"seconds 0 6 * * *":              "has 5 fields behind seconds: want 6",
		"seconds":                        "has 0 fields behind seconds: want 6",
		"@reboot":                        "want @hourly, @daily",
		"@":                              "want @hourly, @daily",
		"manual 6":                       "want the word alone",
		"60 6 * * *":                     `has "60" in the minute: want 0 to 59`,
		"0 24 * * *":                     `has "24" in the hour: want 0 to 23`,
		"0 6 0 * *":                      `has "0" in the day of the month: want 1 to 31`,
		"0 6 * 13 *":                     `want 1 to 12, or jan to dec`,
		"0 6 * * 8":                      `want 0 to 7, or sun to sat`,
		"0 6 * * monday":                 `want 0 to 7, or sun to sat`,
		"0 6 * * unm":                    `has "unm" in the weekday`,
		"0 6 * * fri-mon":                "want it forward, as fri-7,0-mon",
		"0 22-2 * * *":                   "want it forward, as 22-23,0-2",
		"*/90 * * * *":                   "longer steps are said as every 90m",
		"*/0 * * * *":                    "want 1 to 59",
		"*/ * * * *":                     "want 1 to 59",
		"*/-1 * * * *":                   "want 1 to 59",
		"*/1/1 * * * *":                  "want 1 to 59",
		"*-5 * * * *":                    `has "*" in the minute`,
		", * * * *":                      `has "" in the minute`,
		"0,,5 * * * *":                   `has "" in the minute`,
		"+5 * * * *":                     `has "+5" in the minute`,
		"1-2-3 * * * *":                  `has "2-3" in the minute`,
		"-5 * * * *":                     `has "" in the minute`,
		"? * * * *":                      `has "?" in the minute`,
		"0 6 L * *":                      `has "l" in the day of the month`,
		"99999999999999999999 * * * *":   `in the minute`,
		"0 0 31 2 *":                     "dates that never come",
		"0 0 30,31 2 *":                  "dates that never come",
		"0 0 31 2,4,6,9,11 *":            "dates that never come",
		"every":                          "want one, as every 15m",
		"every day":                      "want one, as every 15m",
		"every 1d":                       "for days say the time of day",
		"every 500ms":                    "want a second or more",
		"every 0s":                       "want a second or more",
		"every -15m":                     "want a second or more",
		"every 1500ms":                   "want whole seconds",
		"every 9000h":                    "want at most 8784h",
		"every 9999999999999h":           "want one, as every 15m",
		"at":                             "want one of its zone, as at 2026-12-24T06:00",
		"at 06:00":                       "want one of its zone",
		"at 2026-02-30T06:00":            "want one of its zone",
		"at 2026-12-24T06:00:00.5":       "want one of its zone",
		"at 2026-12-24T06:00:00.5Z":      "want whole seconds",
	} {
		s, err := schedule.Parse(text, mustZone("Europe/Berlin"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, s, err, want)
		}
	}
	for _, zone := range []*time.Location{nil, time.Local} {
		if _, err := schedule.Parse("0 6 * * *", zone); err == nil {
			t.Errorf("zone %v is taken", zone)
		}
	}
}

func parse(t *testing.T, text, zone string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(text, mustZone(zone))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEqual(t *testing.T) {
	a := parse(t, "0 6  * * *", "Europe/Berlin")
	if b := parse(t, "0 6 * * *", "Europe/Berlin"); !a.Equal(b) || !cmp.Equal(a, b) || a.String() != "0 6 * * *" {
		t.Errorf("%s and %s differ", a, b)
	}
	if a.Equal(parse(t, "0 7 * * *", "Europe/Berlin")) || a.Equal(parse(t, "0 6 * * *", "UTC")) {
		t.Error("another text or zone is the same")
	}
	var zero schedule.Schedule
	if _, ok := zero.Next(time.Now()); ok || !zero.Equal(parse(t, "manual", "UTC")) {
		t.Errorf("the zero schedule is %s", zero)
	}
}

func TestSlotsLieSoFarApart(t *testing.T) {
	for _, c := range []struct {
		text, at string
		want     time.Duration
	}{
		{"0 6 * * *", "2026-11-21T10:07:00Z", 24 * time.Hour},
		{"0 6 * * *", "2026-11-21T05:00:00Z", 24 * time.Hour}, // at a slot: from it on
		{"0 6 * * *", "2026-11-21T04:59:59.999Z", 24 * time.Hour},
		{"0 6 * * *", "2026-03-29T01:00:00Z", 23 * time.Hour},
		{"0 9,17 * * 1-5", "2026-11-20T17:00:00Z", 64 * time.Hour}, // over the weekend
		{"*/5 * * * *", "2026-11-20T17:01:00Z", 5 * time.Minute},
		{"* 2 * * *", "2026-11-20T17:01:00Z", 23*time.Hour + time.Minute},
		{"0 0 29 2 *", "2101-01-01T00:00:00Z", (8*365 + 1) * 24 * time.Hour}, // 2100 has none
		{"every 90m", "2026-11-20T17:01:00.5Z", 90 * time.Minute},
		{"every 8784h", "2026-11-20T17:01:00Z", 8784 * time.Hour},
		{"at 2026-12-24T06:00", "2026-11-20T17:01:00Z", 0},
		{"at 2026-12-24T06:00", "2027-11-20T17:01:00Z", 0},
		{"manual", "2026-11-20T17:01:00Z", 0},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.at)
		if err != nil {
			t.Fatal(err)
		}
		s := parse(t, c.text, "Europe/Berlin")
		after, ok := s.Next(at)
		before := after.Add(-c.want)
		switch {
		case c.want == 0 && ok: // once, and none before
			if first, _ := s.Next(time.Time{}); !first.Equal(after) {
				t.Errorf("%s at %s: %s comes before %s", c.text, c.at, first, after)
			}
		case c.want == 0:
		case !ok || before.After(at) || !follows(s, before.Add(-time.Nanosecond), before) || !follows(s, before, after):
			t.Errorf("%s at %s: want slots at %s and %s, and none between", c.text, c.at, before, after)
		}
	}
}

// follows tells whether the next slot after a time is that one.
func follows(s schedule.Schedule, after, slot time.Time) bool {
	next, ok := s.Next(after)
	return ok && next.Equal(slot)
}

func TestNextFive(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 7, 0, 0, time.UTC)
	var days []int
	for s := parse(t, "0 6 * * *", "Europe/Berlin"); len(days) < 5; {
		next, _ := s.Next(now)
		days, now = append(days, next.Day()), next
	}
	if want := []int{22, 23, 24, 25, 26}; !slices.Equal(days, want) {
		t.Errorf("the next five are on %v, want %v", days, want)
	}
}
