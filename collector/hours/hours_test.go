package hours_test

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // as the programs have it

	"github.com/twinctl/twin/collector/hours"
	"github.com/twinctl/twin/collector/record"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := hours.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t *testing.T, text string) record.Instant {
	t.Helper()
	var i record.Instant
	if err := i.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestOpen(t *testing.T) {
	desk := hours.Text{Hours: []string{"mon-fri 08:00-18:00", "sun 23:00-24:00"}, Holidays: []string{"2026-12-25 Christmas"}}
	abroad := hours.Text{Hours: []string{"mon-fri 08:00-18:00"}, Zone: "America/New_York"}
	for _, c := range []struct {
		text hours.Text
		at   string
		want bool
	}{
		{hours.Text{}, "2026-11-21T03:00:00Z", true},
		{desk, "2026-11-20T07:00:00Z", true}, // a Friday, 08:00
		{desk, "2026-11-20T06:59:59Z", false},
		{desk, "2026-11-20T17:00:00Z", false},
		{desk, "2026-11-21T12:00:00Z", false},
		{desk, "2026-11-22T22:59:59Z", true}, // a Sunday, up to midnight
		{desk, "2026-11-22T23:00:00Z", false},
		{desk, "2026-06-19T06:30:00Z", true}, // in summer
		{desk, "2026-12-25T12:00:00Z", false},
		{desk, "1969-12-31T07:00:00Z", true}, // a Wednesday
		{desk, "2026-07-03T06:00:00Z", true}, // two hours ahead
		{hours.Text{Hours: []string{"sun 00:00-24:00"}, Zone: "America/New_York"}, "2026-11-22T04:59:00Z", false},
		{hours.Text{Hours: []string{"sun 00:00-24:00"}, Zone: "America/New_York"}, "2026-11-23T04:59:00Z", true},
		{hours.Text{Holidays: []string{"2026-11-21"}}, "2026-11-20T22:59:00Z", true},
		{hours.Text{Holidays: []string{"2026-11-21"}}, "2026-11-20T23:00:00Z", false},
		{abroad, "2026-11-20T12:59:00Z", false},
		{abroad, "2026-11-20T13:00:00Z", true},
	} {
		calendar, err := hours.Read(c.text, zone(t, "Europe/Berlin"))
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.Open(at(t, c.at)); got != c.want {
			t.Errorf("%v at %s: %v", c.text, c.at, got)
		}
	}
}

// TestDays names the days of some months on which a calendar is open.
func TestDays(t *testing.T) {
	for name, c := range map[string]struct {
		text  hours.Text
		month string
		want  []int
	}{
		"by number":               {hours.Text{Days: []string{"15", "31"}}, "2026-11", []int{15}},
		"from the end":            {hours.Text{Days: []string{"-1", "-30"}}, "2026-11", []int{1, 30}},
		"not in a short month":    {hours.Text{Days: []string{"-31"}}, "2026-11", nil},
		"leap day":                {hours.Text{Days: []string{"last"}}, "2028-02", []int{29}},
		"no leap day":             {hours.Text{Days: []string{"29", "-1"}}, "2100-02", []int{28}},
		"first and last":          {hours.Text{Days: []string{"first", "last"}}, "2026-12", []int{1, 31}},
		"last working":            {hours.Text{Days: []string{"last working"}}, "2027-01", []int{29}}, // the 30th is a Saturday
		"first working":           {hours.Text{Days: []string{"first working"}}, "2026-11", []int{2}}, // the 1st is a Sunday
		"last working, holidays":  {hours.Text{Days: []string{"last working"}, Holidays: []string{"2026-12-31"}}, "2026-12", []int{30}},
		"third working":           {hours.Text{Days: []string{"3rd working"}, Holidays: []string{"2027-01-01 New Year"}}, "2027-01", []int{6}},
		"last but one":            {hours.Text{Days: []string{"-2 working"}}, "2026-11", []int{27}},
		"working by hours":        {hours.Text{Days: []string{"last working"}, Hours: []string{"sat 00:00-24:00"}}, "2026-11", []int{28}},
		"second Monday":           {hours.Text{Days: []string{"2nd mon"}}, "2026-11", []int{9}},
		"last Friday":             {hours.Text{Days: []string{"last fri"}}, "2026-11", []int{27}},
		"fifth Sunday":            {hours.Text{Days: []string{"5th sun"}}, "2026-11", []int{29}},
		"no fifth Tuesday":        {hours.Text{Days: []string{"5th tue"}}, "2026-11", nil},
		"dates":                   {hours.Text{Days: []string{"2026-11-11", "2026-11-28 to 2026-12-02"}}, "2026-11", []int{11, 28, 29, 30}},
		"a holiday stays closed":  {hours.Text{Days: []string{"11", "12"}, Holidays: []string{"2026-11-11"}}, "2026-11", []int{12}},
		"no working day is last":  {hours.Text{Days: []string{"last working"}, Holidays: november()}, "2026-11", nil},
		"closed by hours as well": {hours.Text{Days: []string{"7", "9"}, Hours: []string{"mon-fri 00:00-24:00"}}, "2026-11", []int{9}},
	} {
		calendar, err := hours.Read(c.text, zone(t, "Europe/Berlin"))
		if err != nil {
			t.Fatal(err)
		}
		first, err := time.ParseInLocation("2006-01", c.month, zone(t, "Europe/Berlin"))
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for day := first; day.Month() == first.Month(); day = day.AddDate(0, 0, 1) {
			if calendar.Open(record.At(day.Add(12 * time.Hour))) {
				got = append(got, day.Day())
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// november lists every day of one.
func november() (all []string) {
	for day := 1; day <= 30; day++ {
		all = append(all, time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	return all
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		check func(string) error
		texts []string
	}{
		"hours": {hours.CheckHours, []string{
			"", "fri", "fri 22:00-02:00", "fri-mon 08:00-10:00", "fri-fri 08:00-10:00", "fre 08:00-10:00",
			"fri-xyz 08:00-10:00", "fri 8:00-10:00", "fri 08:00-24:01",
		}},
		"holidays": {hours.CheckHoliday, []string{"2026-02-30", "Christmas", "2026-12-25 a\u202eb"}},
		"days": {hours.CheckDay, []string{
			"", "0", "32", "-32", "+1", "-1st", "1ststst", "1ndst", "st", "last work", "working", "6th mon", "mon",
			"last ", " last", "last  mon", "2026-12-25 to 2026-12-24", "2026-12-25 to",
		}},
	} {
		for _, text := range c.texts {
			if err := c.check(text); err == nil {
				t.Errorf("%s: %q is taken", name, text)
			}
		}
	}
	if err := hours.CheckHolidays([]string{"2026-12-25", "2026-12-25 x"}); err == nil {
		t.Error("a day may stand twice")
	}
}

func TestZone(t *testing.T) {
	for _, name := range []string{"", "Local", "localtime", "Mars/Olympus", "../../etc/passwd", "right/UTC", "posix/UTC", "posixrules"} {
		if _, err := hours.Zone(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if _, err := hours.Read(hours.Text{Zone: "Mars/Olympus"}, time.UTC); err == nil {
		t.Error("it is open on Mars")
	}
}
