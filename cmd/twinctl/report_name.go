package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/nearest"
)

// A naming is what the name of a report's file is filled in with.
type naming struct {
	server, report string
	begins, made   time.Time // in the site's zone
}

// naming returns it for an answer.
func (a answer) naming(server string) naming {
	n := naming{server: server, report: a.name(), made: time.Now().In(a.zone)}
	n.begins = n.made
	if a.from > 0 {
		n.begins = a.from.Time().In(a.zone)
	}
	return n
}

// name is what the answer is called: what people call its definition, or what
// was asked.
func (a answer) name() string {
	return cmp.Or(slug(a.title), slug(a.key), a.asked())
}

// asked is what was asked.
func (a answer) asked() string { return cmp.Or(a.question, a.parts[0].Table.Name) }

// A blank of a name is filled in.
type blank struct {
	name string
	text func(naming) string
}

func blanks() []blank {
	begins := func(layout string) func(naming) string {
		return func(n naming) string { return n.begins.Format(layout) }
	}
	return []blank{
		{"date", begins("2006-01-02")},
		{"time", begins("1504")},
		{"week", func(n naming) string { year, week := n.begins.ISOWeek(); return fmt.Sprintf("%d-W%02d", year, week) }},
		{"month", begins("2006-01")},
		{"year", begins("2006")},
		{"made", func(n naming) string { return n.made.Format("2006-01-02T150405") }},
		{"report", func(n naming) string { return n.report }},
		{"server", func(n naming) string { return n.server }},
	}
}

// fileName fills in what stands in braces in the name of a file.
func fileName(pattern string, with naming) (string, error) {
	var b strings.Builder
	for rest := pattern; ; {
		before, behind, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		word, after, closed := strings.Cut(behind, "}")
		if !closed {
			return "", fmt.Errorf("%q: a brace is not closed", pattern)
		}
		text, err := filled(word, with)
		if err != nil {
			return "", fmt.Errorf("%q: %w", pattern, err)
		}
		b.WriteString(text)
		rest = after
	}
}

// filled returns what one blank is filled in with: never a folder of its own.
func filled(word string, with naming) (string, error) {
	var names []string
	for _, blank := range blanks() {
		if blank.name == word {
			return strings.ReplaceAll(blank.text(with), "/", "-"), nil
		}
		names = append(names, blank.name)
	}
	if near, ok := nearest.Word(word, names); ok {
		return "", fmt.Errorf("unknown {%s}: did you mean {%s}?", word, near)
	}
	return "", fmt.Errorf("unknown {%s}: there are {%s}", word, strings.Join(names, "} {"))
}

// slug writes a text as a part of a file's name that every system takes: small
// letters and digits, with dashes between.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := strings.Join(words, "-")
	return strings.Trim(name[:min(len(name), 60)], "-")
}
