package admin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/nearest"
)

// A Setting is one of the closed list of keys that kind setting has.
type Setting struct {
	Key     string
	Short   string
	Default string
	check   func(text string) error
}

// Settings returns all of them.
func Settings() []Setting {
	return []Setting{
		{"interval", "minutes that a row of a report stands for", "15", oneOf("15", "30", "60")},
		{"service_level", "answered within so many seconds is good", "20", number(1, 3600)},
		{"short_abandoned", "abandoned within so many seconds is not counted as lost", "5", number(0, 600)},
		{"unsent_alarm", "hours that changes may wait for a sync before it is an alarm", "24", number(1, 720)},
		{"week_start", "the first day of a week", "monday", oneOf("monday", "saturday", "sunday")},
		{"zone", "the time zone of reports and timetables", "UTC", isZone},
	}
}

func setting() Kind {
	return Kind{
		Name: "setting", Short: "how the pair is set up; keys are given", key: isSetting,
		Fields: []Field{{Name: "value", Short: "what it is set to", Type: Text, Required: true}},
		check: func(r Row) error {
			for _, s := range Settings() {
				if s.Key == r.Key {
					return wrap("value", s.check(r.Body.Text("value")))
				}
			}
			return nil
		},
	}
}

func isSetting(key string) error {
	keys := []string{}
	for _, s := range Settings() {
		keys = append(keys, s.Key)
	}
	if slices.Contains(keys, key) {
		return nil
	}
	if near, ok := nearest.Word(key, keys); ok {
		return fmt.Errorf("is %q: did you mean %s?", key, near)
	}
	return fmt.Errorf("is %q: want one of %s", key, strings.Join(keys, ", "))
}

func wrap(field string, err error) error {
	if err != nil {
		return fmt.Errorf("%s %w", field, err)
	}
	return nil
}

func oneOf(choices ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(choices, text) {
			return nil
		}
		return fmt.Errorf("is %q: want %s", text, strings.Join(choices, ", "))
	}
}

func number(least, most int) func(string) error {
	return func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most || strconv.Itoa(n) != text {
			return fmt.Errorf("is %q: want a number from %d to %d", text, least, most)
		}
		return nil
	}
}
