package tui

import (
	"context"
	"slices"
	"strings"
)

// An Edit is a row of the administration data as it is to be.
type Edit struct {
	Kind, Key string
	Sets      []string // FIELD=VALUE, as behind twinctl admin KIND set KEY; no value: its default
	Deletes   bool
}

// args returns the twinctl line that does the same.
func (e Edit) args() []string {
	if e.Deletes {
		return act{args: []string{"admin", e.Kind, "delete"}, names: []string{e.Key}}.line(nil)
	}
	return act{args: []string{"admin", e.Kind, "set"}, names: append([]string{e.Key}, e.Sets...)}.line(nil)
}

// A Difference is what a field said and says.
type Difference struct {
	Field, Was, Is string // as they are typed behind FIELD=
}

// A Change is what becomes of a row.
type Change struct {
	Kind, Key string
	Called    string // what people call it, where that is not the key; may be ""
	Sign      string // "+" it is new, "-" it goes, "~" it changes
	Fields    []Difference
}

// An Editor changes administration data. Who may is decided there.
type Editor interface {
	// Try says what the edits would change, all together, and changes nothing.
	// It fails where they could not be done.
	Try(ctx context.Context, edits []Edit) ([]Change, error)
	// Save does the edits, all of them or none, and says so in a sentence.
	Save(ctx context.Context, edits []Edit) (string, error)
}

// A Writer has rows as a text that people can edit.
type Writer interface {
	// Write returns rows of a kind as TOML, with what can be said of them.
	Write(ctx context.Context, kind string, keys []string) (string, error)
	// Read returns the edits that make rows as a text says. Rows that it does not
	// name stay as they are. It fails where it cannot be, with the row or the line.
	Read(ctx context.Context, text string) ([]Edit, error)
}

// drafted returns the draft with more edits. A later one of the same row goes
// into the one before.
func drafted(draft []Edit, edits ...Edit) []Edit {
	all := slices.Clone(draft)
	at := make(map[[2]string]int, len(all))
	for i, e := range all {
		at[[2]string{e.Kind, e.Key}] = i
	}
	for _, e := range edits {
		name := [2]string{e.Kind, e.Key}
		if i, ok := at[name]; ok {
			all[i] = all[i].then(e)
			continue
		}
		at[name] = len(all)
		all = append(all, e)
	}
	return all
}

// then returns the edit with a later one of the same row in it.
func (e Edit) then(later Edit) Edit {
	if later.Deletes || e.Deletes {
		return later
	}
	sets := slices.DeleteFunc(slices.Clone(e.Sets), func(set string) bool {
		name, _, _ := strings.Cut(set, "=")
		return slices.ContainsFunc(later.Sets, func(again string) bool { return strings.HasPrefix(again, name+"=") })
	})
	e.Sets = append(sets, later.Sets...)
	return e
}

// changeLines shows changes: a line for the row, and one for each field that
// differs, with what it says now and what it will.
func changeLines(changes []Change, width int) []line {
	var lines []line
	for _, c := range changes {
		called := ""
		if c.Called != "" && c.Called != c.Key {
			called = "  " + foreign(c.Called)
		}
		as := map[string]tone{"+": good, "-": bad}[c.Sign]
		lines = append(lines, line{{" " + foreign(c.Sign) + " ", as}, {foreign(c.Kind) + " " + foreign(c.Key), strong}, {called, usual}})
		for _, d := range c.Fields {
			text := foreign(d.Field) + ": " + shownValue(d.Was) + " -> " + shownValue(d.Is)
			if c.Sign == "+" {
				text = foreign(d.Field) + ": " + shownValue(d.Is)
			}
			for i, part := range wrap(text, width-7) {
				indent := "     "
				if i > 0 {
					indent = "       "
				}
				lines = append(lines, line{{indent, usual}, {part, usual}})
			}
		}
	}
	return lines
}

// shownValue shows a value, and that there is none.
func shownValue(text string) string {
	if text == "" {
		return "(nothing)"
	}
	return foreign(text)
}
