package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// Zone reads the name of a time zone. What names the machine's own, or lies
// only in its folders, is no place: it would be another one on each twin.
func Zone(text string) (*time.Location, error) {
	first, _, _ := strings.Cut(text, "/")
	switch first {
	case "", "Local", "localtime", "posix", "posixrules", "right":
		return nil, fmt.Errorf("is %q: want a place, as Europe/Berlin", text)
	}
	zone, err := time.LoadLocation(text)
	if err != nil {
		return nil, fmt.Errorf("is %q: want a time zone, as Europe/Berlin", text)
	}
	return zone, nil
}

// CheckHours says what is wrong with one of the hours.
func CheckHours(text string) error {
	_, _, err := readHours(text)
	return err
}

// CheckHoliday says what is wrong with one of the holidays.
func CheckHoliday(text string) error {
	_, title, err := readHoliday(text)
	if err == nil && title != "" {
		err = inert.Name(title)
	}
	return err
}

// CheckDay says what is wrong with one of the days.
func CheckDay(text string) error {
	_, err := readRule(text)
	return err
}

// CheckHolidays says which day stands twice.
func CheckHolidays(list []string) error {
	seen := make(map[string]bool, len(list))
	for _, h := range list {
		date, _, _ := strings.Cut(h, " ")
		if seen[date] {
			return fmt.Errorf("has %s twice", date)
		}
		seen[date] = true
	}
	return nil
}

// readHours reads "mon-fri 08:00-18:00" and "sat 09:00-24:00".
func readHours(text string) ([]time.Weekday, record.Span, error) {
	wrong := fmt.Errorf("has %q: want days and hours, as mon-fri 08:00-18:00", text)
	named, hours, ok := strings.Cut(text, " ")
	from, to, both := strings.Cut(hours, "-")
	days := weekdays(named)
	begin, ok1 := clock(from)
	end, ok2 := clock(to)
	if !ok || !both || !ok1 || !ok2 || len(days) == 0 {
		return nil, record.Span{}, wrong
	}
	if begin >= end {
		return nil, record.Span{}, fmt.Errorf("has %q: it ends before it begins; what goes past midnight takes two entries", text)
	}
	return days, record.Span{From: begin, To: end}, nil
}

// weekdays reads "mon" and "mon-fri"; a week begins on Monday. It returns none
// for what is neither.
func weekdays(text string) []time.Weekday {
	first, last, isRange := strings.Cut(text, "-")
	a := slices.Index(week(), first)
	b := a
	if isRange {
		if b = slices.Index(week(), last); a >= b {
			return nil
		}
	}
	if a < 0 {
		return nil
	}
	var days []time.Weekday
	for i := a; i <= b; i++ {
		days = append(days, time.Weekday((i+1)%7))
	}
	return days
}

func week() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// clock reads HH:MM, up to 24:00, since midnight.
func clock(text string) (record.Instant, bool) {
	if text == "24:00" {
		return record.Day, true
	}
	t, err := time.Parse("15:04", text)
	return record.Instant(t.Hour())*record.Hour + record.Instant(t.Minute())*record.Minute, err == nil && len(text) == len("15:04")
}

// readHoliday reads a date with or without a name behind it, as the day since
// 1970.
func readHoliday(text string) (day int64, title string, err error) {
	date, title, _ := strings.Cut(text, " ")
	day, ok := readDate(date)
	if !ok {
		return 0, "", fmt.Errorf("has %q: want a date and a name, as 2026-12-25 Christmas", text)
	}
	return day, title, nil
}

func readDate(text string) (day int64, ok bool) {
	t, err := time.Parse(time.DateOnly, text)
	return dayOf(record.At(t)), err == nil
}
