package sieve

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParse holds what is read of what was typed to the end: what passes, or where
// it is wrong.
func TestParse(t *testing.T) {
	columns, row := []string{"id", "timetable", "state", "started", "state"}, []string{"7", "Nightly backup", "failed", "2026-11-22T14:30:05Z", "no room"}
	for typed, want := range map[string]string{
		"night":                      "",
		"NIGHT st:failed":            "",
		"st:room":                    "", // both columns of that name
		"state:14:30":                "out",
		"14:30":                      "", // what begins with a digit names no column
		"!14:30":                     "out",
		":30":                        "",
		"!state:ok time:BACK":        "",
		"!state:fail":                "out",
		"night nothing":              "out",
		"":                           "it says nothing: want a word that a row must have, column:word, or !word",
		"  ":                         "it says nothing: want a word that a row must have, column:word, or !word",
		"night !":                    `word 2, "!": want a word behind the ! sign`,
		"state:":                     `word 1, "state:": want something behind the colon`,
		"night !state:":              `word 2, "!state:": want something behind the colon`,
		"ok Role:primary":            `word 2, "Role:primary": no column begins with "role": there are id, timetable, state, started`,
		"!tabel:x":                   `word 1, "!tabel:x": no column begins with "tabel": there are id, timetable, state, started`,
		"strate:failed":              `word 1, "strate:failed": no column begins with "strate": did you mean state? There are id, timetable, state, started`,
		"tls://pbx.example":          `word 1, "tls://pbx.example": no column begins with "tls": there are id, timetable, state, started`,
		"\x1b[2J:x":                  `word 1, "\x1b[2J:x": no column begins with "\x1b[2j": there are id, timetable, state, started`,
		strings.Repeat("x", 9) + ":": `word 1, "xxxxxxxxx:": want something behind the colon`,
	} {
		s, err := Parse(typed, columns)
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case !s.Takes(func(i int) string { return row[i] }):
			got = "out"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}

// TestHolds holds a look into a text to one into the same text in small letters.
func TestHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("aAbB[{@ÄäK")), 0, 8, -1).Draw(t, "text")
		small := strings.ToLower(rapid.StringOfN(rapid.SampledFrom([]rune("aAbB[{@Ääk")), 1, 3, -1).Draw(t, "small"))
		if got, want := holds(text, small), strings.Contains(strings.ToLower(text), small); got != want {
			t.Fatalf("%q in %q: %v, want %v", small, text, got, want)
		}
	})
}
