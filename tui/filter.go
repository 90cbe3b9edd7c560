package tui

import (
	"strings"
	"unicode/utf8"
)

// A filter is words that a row must have, all of them: in any column, or with
// "column:word" in that one; "!word" must not be there. Capitals do not matter.
type filter []term

type term struct {
	column string // "": any
	text   string
	not    bool
}

// readFilter reads what was typed. A word that says nothing yet lets all pass.
func readFilter(typed string) filter {
	var all filter
	for word := range strings.FieldsSeq(strings.ToLower(typed)) {
		var t term
		if rest, ok := strings.CutPrefix(word, "!"); ok {
			t.not, word = true, rest
		}
		if column, rest, ok := strings.Cut(word, ":"); ok && column != "" {
			t.column, word = column, rest
		}
		if t.text = word; word != "" {
			all = append(all, t)
		}
	}
	return all
}

// A sieve is a filter for the rows of one table.
type sieve []hole

type hole struct {
	columns []bool // in which the text is looked for
	text    string // in small letters
	not     bool
}

// over makes a sieve of it for columns of these titles. A column is named by how
// its title begins; where no title begins so, the whole is text.
func (f filter) over(titles []string) sieve {
	var all sieve
	for _, t := range f {
		h := hole{make([]bool, len(titles)), t.text, t.not}
		named := false
		for i, title := range titles {
			h.columns[i] = strings.HasPrefix(strings.ToLower(title), t.column)
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

// takes reports whether a row passes: a cell for each column.
func (s sieve) takes(cells []piece) bool {
	for _, h := range s {
		if h.stands(cells) == h.not {
			return false
		}
	}
	return true
}

func (h hole) stands(cells []piece) bool {
	for i, c := range cells {
		if h.columns[i] && holds(c.text, h.text) {
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
