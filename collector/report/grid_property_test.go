package report

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// Whatever the zone and the time, each quarter hour belongs to one row, to the
// one that a wall clock says.
func TestGridTakesEachQuarterOnce(t *testing.T) {
	names := []string{
		"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns",
		"Pacific/Chatham", "Asia/Beirut", "America/Asuncion", "Africa/Casablanca", "Pacific/Apia",
	}
	zones := map[string]*time.Location{}
	for _, name := range names {
		zones[name] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := cut{
			by:        rapid.SampledFrom(Bys()).Draw(t, "by"),
			zone:      zones[rapid.SampledFrom(names).Draw(t, "zone")],
			interval:  record.Instant(rapid.SampledFrom([]int{15, 30, 60}).Draw(t, "interval")) * record.Minute,
			weekStart: rapid.SampledFrom([]time.Weekday{time.Monday, time.Saturday, time.Sunday}).Draw(t, "week"),
		}
		begin := floor(record.Instant(rapid.Int64Range(1_293_840_000, 1_893_456_000).Draw(t, "from")) * record.Second) // 2011 to 2029
		length := record.Instant(rapid.IntRange(1, 96*100).Draw(t, "quarters")) * width
		span := record.Span{From: begin, To: begin + length}
		g := c.grid(span, span.To)

		var sum record.Instant
		for _, part := range g.lengths([]record.Span{span}) {
			if part <= 0 {
				t.Fatal("an empty row")
			}
			sum += part
		}
		if sum != length {
			t.Fatalf("rows of %v make %v", length, sum)
		}
		for i, row := range g.of {
			at := g.quarter(i).From.Time().In(c.zone)
			if c.by == HourOfDay {
				if got := g.rows[row]; got != at.Format("15")+":00" {
					t.Fatalf("%s is in row %s", at, got)
				}
				continue
			}
			begins := g.rows[row].(time.Time)
			if begins.After(at) || period(c, begins) != period(c, at) {
				t.Fatalf("%s is in the row of %s", at, begins)
			}
		}
	})
}

// period names the row that a time belongs to, by the calendar of package time.
func period(c cut, at time.Time) string {
	switch c.by {
	case Day:
		return at.Format("2006-01-02")
	case Week:
		for at.Weekday() != c.weekStart {
			at = time.Date(at.Year(), at.Month(), at.Day()-1, 12, 0, 0, 0, time.UTC)
		}
		return at.Format("2006-01-02")
	case Month:
		return at.Format("2006-01")
	case HourOfDay, Interval:
	}
	minutes := int(c.interval / record.Minute)
	return at.Format("2006-01-02 15 -0700 ") + string(rune('A'+at.Minute()/minutes))
}
