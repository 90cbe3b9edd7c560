package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
)

// A look is how characters are painted.
type look struct {
	colour               int // of the terminal's sixteen; -1: the usual one
	bold, faint, reverse bool
}

// A span is characters that stand beside one another and look alike.
type span struct {
	at   int // column of the first
	text string
	look look
}

// read returns the spans of each line of what a terminal shows. Of its sequences
// it understands those that paint; whatever else there is becomes inert text.
func read(text string) [][]span {
	var lines [][]span
	sgr := regexp.MustCompile("\x1b\\[([0-9;]*)m")
	is := look{colour: -1}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		var spans []span
		at := 0
		put := func(part string) {
			part = inert.Text(timeless(part))
			spans = append(spans, apart(part, at, is)...)
			at += utf8.RuneCountInString(part)
		}
		for from := sgr.FindStringSubmatchIndex(line); from != nil; from = sgr.FindStringSubmatchIndex(line) {
			put(line[:from[0]])
			is = is.then(line[from[2]:from[3]])
			line = line[from[1]:]
		}
		put(line)
		lines = append(lines, spans)
	}
	return lines
}

// then returns the look after a sequence that paints.
func (l look) then(codes string) look {
	for code := range strings.SplitSeq(codes, ";") {
		n, _ := strconv.Atoi(code) // nothing is 0
		switch {
		case n == 0:
			l = look{colour: -1}
		case n == 1:
			l.bold = true
		case n == 2:
			l.faint = true
		case n == 7:
			l.reverse = true
		case n == 22:
			l.bold, l.faint = false, false
		case n == 27:
			l.reverse = false
		case n >= 30 && n <= 37:
			l.colour = n - 30
		case n == 39:
			l.colour = -1
		case n >= 90 && n <= 97:
			l.colour = n - 90 + 8
		}
	}
	return l
}

// apart splits a text where it has more than one blank, so that columns stay
// where they are in any font. What is painted in reverse stays whole.
func apart(text string, at int, is look) []span {
	if is.reverse && text != "" {
		return []span{{at, text, is}}
	}
	var all []span
	for _, part := range regexp.MustCompile(`\S+( \S+)*`).FindAllStringIndex(text, -1) {
		all = append(all, span{at + utf8.RuneCountInString(text[:part[0]]), text[part[0]:part[1]], is})
	}
	return all
}

// timeless puts a day and an hour of nowhere in the place of those at which the
// picture was taken.
func timeless(text string) string {
	for _, rule := range []struct{ from, to string }{
		{`\b20[0-9][0-9]-[01][0-9]-[0-3][0-9]\b`, "2030-01-15"},
		{`\b[01][0-9]-[0-3][0-9] [0-2][0-9]:`, "01-15 10:"},
		{`\b[0-2][0-9](:[0-5][0-9]:[0-5][0-9])`, "10$1"},
	} {
		text = regexp.MustCompile(rule.from).ReplaceAllString(text, rule.to)
	}
	return text
}

// columns is how wide the widest line is.
func columns(lines [][]span) int {
	most := 0
	for _, l := range lines {
		for _, s := range l {
			most = max(most, s.at+utf8.RuneCountInString(s.text))
		}
	}
	return most
}

// palette is the sixteen colours, on a dark ground.
func palette() []string {
	return slices.Concat(
		[]string{"#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"},
		[]string{"#5c6370", "#ff7b86", "#b5e890", "#ffd58a", "#7cc4ff", "#dd92f0", "#6fd3e0", "#ffffff"})
}
