package report

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/record"
)

// hours is a calendar: when is it open?
type hours struct {
	zone   *time.Location
	week   [7][]record.Span // by weekday from Sunday: of the wall clock, since midnight
	always bool
	closed map[int64]bool // days since 1970, by the wall clock
}

// readHours makes hours of a calendar's row, which was checked when it was
// written. Its zone is the site's unless it has its own.
func readHours(row admin.Row, site *time.Location) (*hours, error) {
	h := &hours{zone: site, closed: map[int64]bool{}}
	if name := row.Body.Text("zone"); name != "" {
		var err error
		if h.zone, err = time.LoadLocation(name); err != nil {
			return nil, err
		}
	}
	open := row.Body.List("hours")
	h.always = len(open) == 0
	for _, text := range open {
		days, times, _ := strings.Cut(text, " ")
		from, to, _ := strings.Cut(times, "-")
		span := record.Span{From: clock(from), To: clock(to)}
		for _, day := range weekdays(days) {
			h.week[day] = append(h.week[day], span)
		}
	}
	for _, text := range row.Body.List("holidays") {
		date, _, _ := strings.Cut(text, " ")
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil, err
		}
		h.closed[floorDiv(record.At(day), record.Day)] = true
	}
	return h, nil
}

// weekdays reads "mon" or "mon-fri".
func weekdays(text string) []time.Weekday {
	week := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	var days []time.Weekday
	for i := slices.Index(week, first); i >= 0 && i <= slices.Index(week, last); i++ {
		days = append(days, time.Weekday((i+1)%7))
	}
	return days
}

// clock reads "08:30", up to "24:00", since midnight.
func clock(text string) record.Instant {
	if text == "24:00" {
		return record.Day
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0
	}
	return record.Instant(t.Hour())*record.Hour + record.Instant(t.Minute())*record.Minute
}

// open tells whether it is open at that instant.
func (h *hours) open(at record.Instant) bool {
	wall := local(at, h.zone)
	day := floorDiv(wall, record.Day)
	if h.closed[day] {
		return false
	}
	since := wall - record.Instant(day)*record.Day
	const thursday = 4 // 1970 began on one
	weekday := floorMod(day+thursday, 7)
	return h.always || slices.ContainsFunc(h.week[weekday], func(s record.Span) bool { return s.From <= since && since < s.To })
}

func floorMod(a, b int64) int64 { return ((a % b) + b) % b }
