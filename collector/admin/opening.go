package admin

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Opening tells when a calendar is open.
type Opening struct {
	zone     *time.Location
	hours    []hours // none: always
	holidays map[string]bool
}

// hours are a stretch of each of some days, in minutes.
type hours struct {
	days       [7]bool // from Sunday
	begin, end int
}

// NewOpening reads a row of kind calendar. standard is the zone of one that
// says none.
func NewOpening(calendar Row, standard *time.Location) (Opening, error) {
	o := Opening{zone: standard, holidays: map[string]bool{}}
	if zone := calendar.Body.Text("zone"); zone != "" {
		var err error
		if o.zone, err = time.LoadLocation(zone); err != nil {
			return Opening{}, fmt.Errorf("calendar %q: %w", calendar.Key, err)
		}
	}
	for _, text := range calendar.Body.List("hours") {
		days, stretch, _ := strings.Cut(text, " ")
		from, to, _ := strings.Cut(stretch, "-")
		var h hours
		h.begin, _ = minute(from) // it was checked when it was set
		h.end, _ = minute(to)
		h.days = daysOf(days)
		o.hours = append(o.hours, h)
	}
	for _, text := range calendar.Body.List("holidays") {
		date, _, _ := strings.Cut(text, " ")
		o.holidays[date] = true
	}
	return o, nil
}

// At tells whether it is open at that time.
func (o Opening) At(t time.Time) bool {
	t = t.In(o.zone)
	if o.holidays[t.Format(time.DateOnly)] {
		return false
	}
	now := t.Hour()*60 + t.Minute()
	return len(o.hours) == 0 || slices.ContainsFunc(o.hours, func(h hours) bool {
		return h.days[t.Weekday()] && h.begin <= now && now < h.end
	})
}

// daysOf reads "mon" or "mon-fri".
func daysOf(text string) (days [7]bool) {
	week := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	for i := slices.Index(week, first); i >= 0 && i <= slices.Index(week, last); i++ {
		days[(i+1)%7] = true
	}
	return days
}
