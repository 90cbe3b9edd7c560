package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/hours"
	"github.com/twinctl/twin/collector/record"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// rowsOf describes a grid: each row with the hours that belong to it.
func rowsOf(g *grid) []string {
	quarters := make([]int, len(g.rows))
	for _, row := range g.of {
		if row >= 0 {
			quarters[row]++
		}
	}
	var all []string
	for i, name := range g.rows {
		if begins, ok := name.(time.Time); ok {
			name = begins.Format("2006-01-02T15:04-07:00")
		}
		all = append(all, fmt.Sprintf("%v %gh", name, float64(quarters[i])/4))
	}
	return all
}

func TestGrid(t *testing.T) {
	for name, c := range map[string]struct {
		zone     string
		by       By
		from, to string // UTC
		minutes  int    // of an interval
		want     string
	}{
		"days of 23 and 25 hours in New York": {
			"America/New_York", Day, "2026-03-07 05:00", "2026-03-10 04:00", 30,
			"2026-03-07T00:00-05:00 24h, 2026-03-08T00:00-05:00 23h, 2026-03-09T00:00-04:00 24h",
		},
		"the long day in New York": {
			"America/New_York", Day, "2026-10-31 04:00", "2026-11-03 05:00", 30,
			"2026-10-31T00:00-04:00 24h, 2026-11-01T00:00-04:00 25h, 2026-11-02T00:00-05:00 24h",
		},
		"half an hour in Lord Howe": {
			"Australia/Lord_Howe", Day, "2026-04-03 13:00", "2026-04-05 13:30", 30,
			"2026-04-04T00:00+11:00 24h, 2026-04-05T00:00+11:00 24.5h",
		},
		"the short day in Lord Howe": {
			"Australia/Lord_Howe", Day, "2026-10-03 13:30", "2026-10-05 13:00", 30,
			"2026-10-04T00:00+10:30 23.5h, 2026-10-05T00:00+11:00 24h",
		},
		"no midnight in Cairo": { // clocks go from 24:00 to 01:00
			"Africa/Cairo", Day, "2026-04-22 22:00", "2026-04-24 21:00", 30,
			"2026-04-23T00:00+02:00 24h, 2026-04-24T01:00+03:00 23h",
		},
		"the last hour twice in Cairo": { // and from 24:00 to 23:00
			"Africa/Cairo", Day, "2026-10-28 21:00", "2026-10-30 22:00", 30,
			"2026-10-29T00:00+03:00 25h, 2026-10-30T00:00+02:00 24h",
		},
		"intervals of an hour that comes twice": {
			"America/New_York", Interval, "2026-11-01 05:00", "2026-11-01 07:30", 60,
			"2026-11-01T01:00-04:00 1h, 2026-11-01T01:00-05:00 1h, 2026-11-01T02:00-05:00 0.5h",
		},
		"an hour of which half comes twice": {
			"Australia/Lord_Howe", Interval, "2026-04-04 14:00", "2026-04-04 16:30", 60,
			"2026-04-05T01:00+11:00 1h, 2026-04-05T01:30+10:30 0.5h, 2026-04-05T02:00+10:30 1h",
		},
		"hours where clocks are 45 minutes off": {
			"Asia/Kathmandu", Interval, "2026-11-21 00:00", "2026-11-21 02:00", 60,
			"2026-11-21T05:45+05:45 0.25h, 2026-11-21T06:00+05:45 1h, 2026-11-21T07:00+05:45 0.75h",
		},
		"quarters": {
			"UTC", Interval, "2026-11-21 00:00", "2026-11-21 00:45", 15,
			"2026-11-21T00:00+00:00 0.25h, 2026-11-21T00:15+00:00 0.25h, 2026-11-21T00:30+00:00 0.25h",
		},
		"weeks, the first of them not whole": {
			"America/New_York", Week, "2026-03-05 05:00", "2026-03-17 04:00", 30,
			"2026-03-05T00:00-05:00 95h, 2026-03-09T00:00-04:00 168h, 2026-03-16T00:00-04:00 24h",
		},
		"months": {
			"America/New_York", Month, "2026-02-01 05:00", "2026-05-01 04:00", 30,
			"2026-02-01T00:00-05:00 672h, 2026-03-01T00:00-05:00 743h, 2026-04-01T00:00-04:00 720h",
		},
		"hours of the day": {
			"America/New_York", HourOfDay, "2026-11-01 02:00", "2026-11-02 05:00", 30,
			"00:00 1h, 01:00 2h, " + hoursFrom(2, 22) + "22:00 2h, 23:00 2h",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cut := cut{by: c.by, zone: zone(t, c.zone), interval: record.Instant(c.minutes) * record.Minute, weekStart: time.Monday}
			got := strings.Join(rowsOf(cut.grid(record.Span{From: at(c.from), To: at(c.to)}, at(c.to))), ", ")
			if got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func hoursFrom(from, to int) string {
	var b strings.Builder
	for h := from; h < to; h++ {
		fmt.Fprintf(&b, "%02d:00 1h, ", h)
	}
	return b.String()
}

func TestWeeksBeginAsSet(t *testing.T) {
	for day, want := range map[time.Weekday]string{
		time.Monday:   "2026-11-16T00:00+00:00 168h, 2026-11-23T00:00+00:00 24h",
		time.Sunday:   "2026-11-16T00:00+00:00 144h, 2026-11-22T00:00+00:00 48h",
		time.Saturday: "2026-11-16T00:00+00:00 120h, 2026-11-21T00:00+00:00 72h",
	} {
		cut := cut{by: Week, zone: time.UTC, weekStart: day}
		got := strings.Join(rowsOf(cut.grid(record.Span{From: at("2026-11-16 00:00"), To: at("2026-11-24 00:00")}, at("2026-11-24 00:00"))), ", ")
		if got != want {
			t.Errorf("from %s: %s, want %s", day, got, want)
		}
	}
}

func TestOpenHours(t *testing.T) {
	office, err := hours.Read(hours.Text{
		Hours:    []string{"mon-fri 08:00-18:00", "sat 09:30-24:00"},
		Holidays: []string{"2026-12-25 Christmas"},
	}, zone(t, "Europe/Berlin"))
	if err != nil {
		t.Fatal(err)
	}
	cut := cut{by: Day, zone: time.UTC, hours: office}
	got := strings.Join(rowsOf(cut.grid(record.Span{From: at("2026-11-20 00:00"), To: at("2026-11-24 00:00")}, at("2026-11-24 00:00"))), ", ")
	if want := "2026-11-20T00:00+00:00 10h, 2026-11-21T00:00+00:00 14.5h, 2026-11-23T00:00+00:00 10h"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A row is not over while some of what was asked for is yet to come.
func TestMoreToCome(t *testing.T) {
	office, err := hours.Read(hours.Text{Hours: []string{"mon-sun 08:00-18:00"}}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cut  cut
		to   string
		ends string
		want string
	}{
		"the day is over":           {cut{by: Day}, "2026-11-22 00:00", "2026-11-22 00:00", "[false]"},
		"the day goes on":           {cut{by: Day}, "2026-11-22 00:00", "2026-11-21 12:00", "[true]"},
		"half of it was asked for":  {cut{by: Day}, "2026-11-21 12:00", "2026-11-21 12:00", "[false]"},
		"yesterday is over":         {cut{by: Day}, "2026-11-24 00:00", "2026-11-22 12:00", "[false true]"},
		"closed for the day":        {cut{by: Day, hours: office}, "2026-11-22 00:00", "2026-11-21 18:00", "[false]"},
		"open for another quarter":  {cut{by: Day, hours: office}, "2026-11-22 00:00", "2026-11-21 17:45", "[true]"},
		"the month goes on":         {cut{by: Month}, "2027-01-01 00:00", "2026-11-21 12:00", "[true]"},
		"every hour comes again":    {cut{by: HourOfDay}, "2026-11-24 00:00", "2026-11-21 02:00", "[true true]"},
		"hours that will not again": {cut{by: HourOfDay}, "2026-11-21 03:00", "2026-11-21 02:30", "[false false true]"},
	} {
		c.cut.zone = time.UTC
		g := c.cut.grid(record.Span{From: at("2026-11-21 00:00"), To: at(c.to)}, at(c.ends))
		if got := fmt.Sprint(g.more); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
