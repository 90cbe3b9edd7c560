package schedule_test

import (
	"testing"

	"github.com/twinctl/twin/timetable/schedule"
)

func TestWords(t *testing.T) {
	const berlin = ", Europe/Berlin"
	for text, want := range map[string]string{
		"manual":                      "only when it is asked for",
		"at 2026-12-24T06:00":         "once, on 2026-12-24 at 06:00" + berlin,
		"at 2026-12-24T05:00:30Z":     "once, on 2026-12-24 at 06:00:30" + berlin,
		"every 15m":                   "every 15 minutes",
		"every 1h":                    "every hour",
		"every 6h":                    "every 6 hours, from 00:00 UTC",
		"every 90m":                   "every 1 hour 30 minutes, from 00:00 UTC",
		"every 36h":                   "every 36 hours, counted from 1970-01-01 00:00 UTC",
		"every 7m":                    "every 7 minutes, counted from 1970-01-01 00:00 UTC",
		"every 1s":                    "every second",
		"0 6 * * *":                   "every day at 06:00" + berlin,
		"0 6,18 * * *":                "every day at 06:00 and 18:00" + berlin,
		"@daily":                      "every day at 00:00" + berlin,
		"@hourly":                     "every hour" + berlin,
		"@weekly":                     "every Sunday at 00:00" + berlin,
		"@monthly":                    "on the 1st of every month at 00:00" + berlin,
		"@yearly":                     "on the 1st of January at 00:00" + berlin,
		"30 * * * *":                  "every hour at :30" + berlin,
		"* * * * *":                   "every minute" + berlin,
		"*/15 * * * *":                "every 15 minutes" + berlin,
		"0,30 * * * *":                "every 30 minutes" + berlin,
		"*/40 * * * *":                "every hour at :00 and :40" + berlin,
		"5-59/15 * * * *":             "every hour at :05, :20, :35 and :50" + berlin,
		"0-4,30 * * * *":              "every hour at :00 to :04 and :30" + berlin,
		"*/15 8-17 * * mon-fri":       "Monday to Friday, every 15 minutes from 08:00 to 17:45" + berlin,
		"30 8-17 * * *":               "every hour from 08:30 to 17:30" + berlin,
		"30 */2 * * *":                "every 2 hours from 00:30 to 22:30" + berlin,
		"0 */4 * * *":                 "every day at 00:00, 04:00, 08:00, 12:00, 16:00 and 20:00" + berlin,
		"*/15 1,5 * * *":              "every day at :00, :15, :30 and :45 of the hours 1 and 5" + berlin,
		"0 6 * * 1,3,5":               "Monday, Wednesday and Friday at 06:00" + berlin,
		"0 6 * * fri-sun":             "Friday to Sunday at 06:00" + berlin,
		"0 6 * * 0-6":                 "every day at 06:00" + berlin,
		"0 6 1-31 * fri":              "every day at 06:00" + berlin,
		"0 6 1,15 * *":                "on the 1st and 15th of every month at 06:00" + berlin,
		"0 6 11-13,21-23 1,7 *":       "on the 11th to 13th and 21st to 23rd of January and July at 06:00" + berlin,
		"0 6 13 * fri":                "on the 13th of every month and every Friday at 06:00" + berlin,
		"0 6 2 8 fri":                 "on the 2nd of August and every Friday in August at 06:00" + berlin,
		"0 6 * 3-5 *":                 "every day in March to May at 06:00" + berlin,
		"0 6 * 3 mon":                 "every Monday in March at 06:00" + berlin,
		"seconds 30 0 6 * * *":        "every day at 06:00:30" + berlin,
		"seconds 30 30 * * * *":       "every hour at :30:30" + berlin,
		"seconds 30 */5 * * * *":      "every 5 minutes, at second 30" + berlin,
		"seconds 30 */5 8-17 * * *":   "every 5 minutes from 08:00:30 to 17:55:30" + berlin,
		"seconds */10 * * * * *":      "every 10 seconds" + berlin,
		"seconds * * * * * *":         "every second" + berlin,
		"seconds 5,10 * * * * *":      "every minute, at :05 and :10 of the minute" + berlin,
		"seconds */10 0 6 * * *":      "every day at 06:00, every 10 seconds" + berlin,
		"seconds 5,7 0 */3 * * *":     "every 3 hours from 00:00 to 21:00, at :05 and :07 of the minute" + berlin,
		"seconds 9 1-2,4 1-2,4 * * *": "every day at :01, :02 and :04 of the hours 1, 2 and 4, at second 9" + berlin,
	} {
		s, err := schedule.Parse(text, mustZone("Europe/Berlin"))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := s.Words(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
