package tui

import "strings"

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

// takes reports whether a row passes: a text for each title of a column.
func (f filter) takes(titles, cells []string) bool {
	for _, t := range f {
		if t.stands(titles, cells) == t.not {
			return false
		}
	}
	return true
}

// stands reports whether the text stands where it is looked for. A column is
// named by how its title begins; where no title begins so, the whole is text.
func (t term) stands(titles, cells []string) bool {
	text, column := t.text, t.column
	if column != "" && !named(titles, column) {
		text, column = column+":"+text, ""
	}
	for i, cell := range cells {
		if strings.HasPrefix(strings.ToLower(titles[i]), column) && strings.Contains(strings.ToLower(cell), text) {
			return true
		}
	}
	return false
}

func named(titles []string, column string) bool {
	for _, title := range titles {
		if strings.HasPrefix(strings.ToLower(title), column) {
			return true
		}
	}
	return false
}
