package admin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/acd"
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
		{"interval", "how long a row of a report is that is by interval", "30m", oneOf("15m", "30m", "60m")},
		{"ring_no_answer_min", "seconds that a phone must ring for more than, to count as not answered; 0: any", "0", bin(0)},
		{"service_level", "answered within so many seconds is good", "20", bin()},
		{"service_level_formula", "what is divided by what; see the README", "default", oneOf(Formulas()...)},
		{"short_abandon", "abandoned within so many seconds is told apart, as one who never meant to wait; 0: none is", "5", bin(0)},
		{"time_zone", "the time zone of reports and timetables", "UTC", isZone},
		{"unsent_alarm", "hours that changes may wait for a sync before it is an alarm", "24", number(1, 720)},
		{"week_start", "the first day of a week", "monday", oneOf("monday", "saturday", "sunday")},
	}
}

// Formulas returns the names of what a service level can be, in which "within"
// is answered within service_level, and all else are the columns of a report:
//
//	default            within / (answered + abandoned)
//	answered           within / answered
//	completed          within / completed, as Asterisk's ServicelevelPerf
//	abandoned-within   (within + abandoned_within) / (completed + abandoned), as its ServicelevelPerf2
//	no-short           within / (answered + abandoned - short_abandoned)
//	offered            within / offered
//	offered-no-short   within / (offered - short_abandoned)
func Formulas() []string {
	return []string{"default", "answered", "completed", "abandoned-within", "no-short", "offered", "offered-no-short"}
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

// bin takes the lengths that waits and rings are counted by, and some others.
func bin(others ...int) func(string) error {
	var choices []string
	for _, n := range slices.Concat(others, acd.Bins()) {
		choices = append(choices, strconv.Itoa(n))
	}
	return oneOf(choices...)
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
