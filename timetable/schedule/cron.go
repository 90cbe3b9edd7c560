package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A field is one of a cron schedule's.
type field struct {
	name   string
	lo, hi int
	words  string // three letters each, of lo and what follows
}

var fields = []field{
	{name: "second", hi: 59},
	{name: "minute", hi: 59},
	{name: "hour", hi: 23},
	{name: "day of the month", lo: 1, hi: 31},
	{name: "month", lo: 1, hi: 12, words: "janfebmaraprmayjunjulaugsepoctnovdec"},
	{name: "weekday", hi: 7, words: "sunmontuewedthufrisat"},
}

// The descriptors, each with its five fields.
var descriptors = [][2]string{
	{"@hourly", "0 * * * *"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"},
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
}

// readCron reads fields and descriptors. The library is asked only about what
// it reads as we do: it takes "*-5" for "*", a list of nothing for never, and
// falls over a zone without fields.
func (s *Schedule) readCron() error {
	said, err := s.fields()
	if err != nil {
		return err
	}
	for i, f := range fields {
		if said[i], err = f.normal(strings.ToLower(said[i])); err != nil {
			return err
		}
	}
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	read, err := parser.Parse(strings.Join(said, " "))
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	spec, ok := read.(*cron.SpecSchedule)
	if !ok {
		return fmt.Errorf("is read as a %T", read)
	}
	s.form, s.tod = wall, clockOf(spec)
	if s.tod.eachHour() {
		s.form = hourly
	}
	s.days = *spec
	s.days.Hour, s.days.Minute, s.days.Second, s.days.Location = 1, 1, 1, time.UTC
	if _, ok := s.following(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		return errors.New("names dates that never come: want a day that one of its months has")
	}
	return nil
}

// fields returns the six, with the second.
func (s *Schedule) fields() ([]string, error) {
	if strings.HasPrefix(s.text, "@") {
		return descriptor(strings.ToLower(s.text))
	}
	said := strings.Split(s.text, " ")
	if strings.EqualFold(said[0], "seconds") {
		if len(said) != 1+len(fields) {
			return nil, fmt.Errorf("has %d fields behind seconds: want 6, as seconds 0 30 6 * * *", len(said)-1)
		}
		return said[1:], nil
	}
	switch len(said) {
	case 5:
		return append([]string{"0"}, said...), nil
	case 6:
		return nil, errors.New("has 6 fields: want 5, as 0 6 * * *, or say that the first is seconds, as seconds 0 0 6 * * *")
	}
	return nil, errors.New("is no schedule: want 5 fields, as 0 6 * * *, or @daily, every 15m, at 2026-12-24T06:00, manual")
}

func descriptor(word string) ([]string, error) {
	known := make([]string, len(descriptors))
	for i, d := range descriptors {
		if d[0] == word {
			return strings.Split("0 "+d[1], " "), nil
		}
		known[i] = d[0]
	}
	return nil, fmt.Errorf("is not known: want %s", strings.Join(known, ", "))
}

// normal returns a field as the library takes it.
func (f field) normal(text string) (string, error) {
	items := strings.Split(text, ",")
	for i, item := range items {
		var err error
		if items[i], err = f.item(item); err != nil {
			return "", err
		}
	}
	return strings.Join(items, ","), nil
}

// item reads one of a field's list: "*", "5", "1-5", each with or without
// "/STEP".
func (f field) item(text string) (string, error) {
	span, stepped, hasStep := strings.Cut(text, "/")
	step := 1
	if hasStep {
		var ok bool
		if step, ok = number(stepped); !ok || step < 1 || step > f.hi {
			return "", fmt.Errorf("has the step %q in the %s: want 1 to %d; longer steps are said as every 90m", stepped, f.name, f.hi)
		}
	}
	if span == "*" || span == "?" && f.isDay() {
		return text, nil
	}
	from, to, isRange := strings.Cut(span, "-")
	a, err := f.value(from)
	if err != nil || !isRange {
		if a == 7 && f.isWeek() {
			text = strings.Replace(text, span, "0", 1)
		}
		return text, err
	}
	b, err := f.value(to)
	if err != nil {
		return "", err
	}
	if b == 0 && a > 0 && f.isWeek() {
		b = 7
	}
	if a > b {
		return "", fmt.Errorf("has the range %s in the %s: want it forward, as %s-%d,%d-%s", span, f.name, from, f.hi, f.lo, to)
	}
	if f.isWeek() && b == 7 {
		return days(a, step), nil
	}
	return text, nil
}

// days lists weekdays from a to Sunday as the library counts them.
func days(a, step int) string {
	var list []string
	for d := a; d <= 7; d += step {
		list = append(list, strconv.Itoa(d%7))
	}
	return strings.Join(list, ",")
}

func (f field) isWeek() bool { return f.name == "weekday" }

func (f field) isDay() bool { return f.isWeek() || f.name == "day of the month" }

// value reads a number or a name.
func (f field) value(text string) (int, error) {
	n, ok := number(text)
	if i := strings.Index(f.words, text); len(text) == 3 && i >= 0 && i%3 == 0 {
		n, ok = i/3+f.lo, true
	}
	if ok && f.lo <= n && n <= f.hi {
		return n, nil
	}
	want := fmt.Sprintf("%d to %d", f.lo, f.hi)
	if f.words != "" {
		want += ", or " + f.words[:3] + " to " + f.words[len(f.words)-3:]
	}
	return 0, fmt.Errorf("has %q in the %s: want %s", text, f.name, want)
}

// number reads digits alone.
func number(text string) (int, bool) {
	if text == "" || len(text) > 4 || slices.ContainsFunc([]byte(text), func(b byte) bool { return b < '0' || b > '9' }) {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
