package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

func calendar() Kind {
	return Kind{
		Name: "calendar", Short: "opening hours and holidays", Label: "name",
		Fields: []Field{
			name(), description(),
			{Name: "zone", Short: "the time zone of its hours and holidays; left out: as the setting says", Type: Text, check: isZone},
			{Name: "hours", Short: `when it is open, as "mon-fri 08:00-18:00"; none: always`, Type: List, check: isHours},
			{Name: "holidays", Short: `when it is closed all day, as "2026-12-25 Christmas"`, Type: List, check: isHoliday},
		},
		check: func(r Row) error { return eachDayOnce(r.Body.List("holidays")) },
	}
}

// isZone takes names of the zone database. "Local" is no place: it would be
// another one on each twin.
func isZone(text string) error {
	if text == "Local" {
		return errors.New(`is "Local": want a place, as Europe/Berlin`)
	}
	if _, err := time.LoadLocation(text); err != nil {
		return fmt.Errorf("is %q: want a time zone, as Europe/Berlin", text)
	}
	return nil
}

// isHours takes "mon-fri 08:00-18:00" and "sat 09:00-24:00".
func isHours(text string) error {
	wrong := fmt.Errorf("has %q: want days and hours, as mon-fri 08:00-18:00", text)
	days, hours, ok := strings.Cut(text, " ")
	from, to, both := strings.Cut(hours, "-")
	if !ok || !both || !isDays(days) {
		return wrong
	}
	begin, ok1 := minute(from)
	end, ok2 := minute(to)
	if !ok1 || !ok2 {
		return wrong
	}
	if begin >= end {
		return fmt.Errorf("has %q: it ends before it begins; what goes past midnight takes two entries", text)
	}
	return nil
}

func isDays(text string) bool {
	week := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		return slices.Contains(week, first)
	}
	a, b := slices.Index(week, first), slices.Index(week, last)
	return a >= 0 && a < b
}

// minute reads HH:MM, up to 24:00, as the minute of the day.
func minute(text string) (int, bool) {
	if text == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil && len(text) == len("15:04")
}

// isHoliday takes a date with or without a name behind it.
func isHoliday(text string) error {
	date, title, _ := strings.Cut(text, " ")
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("has %q: want a date and a name, as 2026-12-25 Christmas", text)
	}
	if title != "" {
		return inert.Name(title)
	}
	return nil
}

func eachDayOnce(holidays []string) error {
	seen := make(map[string]bool, len(holidays))
	for _, h := range holidays {
		date, _, _ := strings.Cut(h, " ")
		if seen[date] {
			return fmt.Errorf("holidays has %s twice", date)
		}
		seen[date] = true
	}
	return nil
}
