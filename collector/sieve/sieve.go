// Package sieve lets through the rows of a table that have, or have not, words
// that a person types: the grammar of filters, on the screen and behind --filter.
package sieve

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/nearest"
)

// A Filter is words that a row must have, all of them: in any column, or with
// "column:word" in that one; "!word" must not be there. Capitals do not matter.
type Filter []term

type term struct {
	column string // "": any
	text   string
	not    bool
}

// Read reads what was typed, and never fails: it may be half a word as yet. A word
// that says nothing yet lets all pass.
func Read(typed string) Filter {
	var all Filter
	for word := range strings.FieldsSeq(strings.ToLower(typed)) {
		if t := readTerm(word); t.text != "" {
			all = append(all, t)
		}
	}
	return all
}

// readTerm reads a word in small letters.
func readTerm(word string) (t term) {
	word, t.not = strings.CutPrefix(word, "!")
	if column, rest, ok := strings.Cut(word, ":"); ok && column != "" {
		t.column, word = column, rest
	}
	t.text = word
	return t
}

// Parse reads what somebody has typed to the end, for columns of these names. A word
// that says nothing is an error, and one of a column that is not there, by the place
// where it stands. What begins with a digit, as 14:30, names no column.
func Parse(typed string, columns []string) (Sieve, error) {
	var all Filter
	for i, word := range strings.Fields(typed) {
		t := readTerm(strings.ToLower(word))
		if err := check(t, columns); err != nil {
			return nil, fmt.Errorf("word %d, %q: %w", i+1, word, err)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, errors.New("it says nothing: want a word that a row must have, column:word, or !word")
	}
	return all.Over(columns), nil
}

func check(t term, columns []string) error {
	switch {
	case t.text == "" && t.column != "":
		return errors.New("want something behind the colon")
	case t.text == "":
		return errors.New("want a word behind the ! sign")
	case t.column == "" || strings.IndexFunc(t.column, unicode.IsDigit) == 0 || slices.ContainsFunc(columns, t.names):
		return nil
	}
	var known []string
	for _, c := range columns {
		if !slices.Contains(known, c) {
			known = append(known, c)
		}
	}
	there := "there are " + strings.Join(known, ", ")
	if meant, ok := nearest.Word(t.column, known); ok {
		there = fmt.Sprintf("did you mean %s? T%s", meant, there[1:])
	}
	return fmt.Errorf("no column begins with %q: %s", t.column, there)
}

// names tells whether a term names a column: by how its title begins.
func (t term) names(title string) bool {
	return strings.HasPrefix(strings.ToLower(title), t.column)
}

// A Sieve is a filter for the rows of one table. One that is empty lets all pass.
type Sieve []hole

type hole struct {
	columns []bool // in which the text is looked for
	text    string // in small letters
	not     bool
}

// Over makes a sieve of it for columns of these titles. A column is named by how
// its title begins; where no title begins so, the whole is text.
func (f Filter) Over(titles []string) Sieve {
	var all Sieve
	for _, t := range f {
		h := hole{make([]bool, len(titles)), t.text, t.not}
		named := false
		for i, title := range titles {
			h.columns[i] = t.names(title)
			named = named || h.columns[i]
		}
		if !named {
			h.text = t.column + ":" + t.text
			for i := range h.columns {
				h.columns[i] = true
			}
		}
		all = append(all, h)
	}
	return all
}

// Takes reports whether a row passes, of which cell returns what stands in a column.
func (s Sieve) Takes(cell func(column int) string) bool {
	for _, h := range s {
		if h.stands(cell) == h.not {
			return false
		}
	}
	return true
}

func (h hole) stands(cell func(int) string) bool {
	for i, looked := range h.columns {
		if looked && holds(cell(i), h.text) {
			return true
		}
	}
	return false
}

// holds reports whether what is in small letters stands in a text, whose capitals
// do not matter. It makes no other text of it, unless that has letters beyond ASCII.
func holds(text, small string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.Contains(strings.ToLower(text), small)
		}
	}
	for at := 0; at+len(small) <= len(text); at++ {
		n := 0
		for n < len(small) && lower(text[at+n]) == small[n] {
			n++
		}
		if n == len(small) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
