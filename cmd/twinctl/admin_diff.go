package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
)

// maxShown is how many characters of one value a person is shown in a line.
const maxShown = 60

// A fieldChange is what became of one field of a row, in words.
type fieldChange struct {
	Field    string
	Old, New string // as people see them; "" of a row that is not there
}

// String writes the change in a line.
func (f fieldChange) String() string {
	field := clipped(f.Field, maxShown) // one of another version may be called anything
	switch {
	case f.Old == "":
		return field + ": " + f.New
	case f.New == "":
		return field + ": " + f.Old
	}
	return field + ": " + f.Old + " -> " + f.New
}

// fieldChanges tells field by field what a change does, in the order of the
// catalogue. Of a row that comes or goes it tells what it says.
func fieldChanges(c admin.Change) []fieldChange {
	k, _ := admin.KindNamed(c.Kind)
	var all []fieldChange
	for _, f := range fieldsOf(k, c.Before, c.After) {
		before, after := f.Value(c.Before), f.Value(c.After)
		change := fieldChange{Field: f.Name}
		if c.Before != nil {
			change.Old = quotedValue(before)
		}
		if c.After != nil {
			change.New = quotedValue(after)
		}
		_, had := c.Before[f.Name]
		_, has := c.After[f.Name]
		switch {
		case !had && !has, change.Old == change.New && valueText(before) == valueText(after):
			continue
		case c.Before != nil && c.After != nil && isList(f):
			if text := listChange(asList(before), asList(after)); text != "" {
				change = fieldChange{Field: f.Name, New: text}
			}
		}
		all = append(all, change)
	}
	return all
}

// fieldsOf returns the fields of a kind, and behind them those of the bodies
// that it does not have: of another version.
func fieldsOf(k admin.Kind, bodies ...admin.Body) []admin.Field {
	all := k.Fields
	for _, b := range bodies {
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if !slices.ContainsFunc(all, func(f admin.Field) bool { return f.Name == name }) {
				all = append(slices.Clip(all), admin.Field{Name: name, Type: admin.Text})
			}
		}
	}
	return all
}

func asList(value any) []string {
	list, _ := value.([]string)
	return list
}

// listChange tells what came into a list and what went; nothing if neither.
func listChange(before, after []string) string {
	var all []string
	for _, e := range after {
		if !slices.Contains(before, e) {
			all = append(all, "+"+clipped(e, maxShown))
		}
	}
	for _, e := range before {
		if !slices.Contains(after, e) {
			all = append(all, "-"+clipped(e, maxShown))
		}
	}
	return strings.Join(all, ", ")
}

// quotedValue writes a value for a person, texts in quotes.
func quotedValue(value any) string {
	text := clipped(valueText(value), maxShown)
	switch value.(type) {
	case string:
		return `"` + text + `"`
	case []string:
		return "[" + text + "]"
	}
	return text
}

// clipped makes a text harmless and cuts it to so many characters.
func clipped(text string, most int) string {
	if len(text) > 8*most { // what is not shown need not be made harmless
		text = text[:8*most]
	}
	text = inert.Text(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// changeMark says in one character what became of a row.
func changeMark(c admin.Change) string {
	switch {
	case c.Before == nil:
		return "+"
	case c.After == nil:
		return "-"
	}
	return "~"
}

// rowTitle names a row, and what it is called if its key does not say it.
func rowTitle(kind, key string, bodies ...admin.Body) string {
	title := inert.Text(admin.Name{Kind: kind, Key: key}.String())
	k, _ := admin.KindNamed(kind)
	for _, b := range bodies {
		if label := b.Text(k.Label); label != "" && label != key {
			return title + ` "` + clipped(label, maxShown) + `"`
		}
	}
	return title
}

// writeChanges shows a change set, a line a row and one a field.
func writeChanges(w io.Writer, changes []admin.Change) error {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s\n", changeMark(c), rowTitle(c.Kind, c.Key, c.After, c.Before))
		for _, f := range fieldChanges(c) {
			fmt.Fprintf(&b, "    %s\n", f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summary counts what a change set does: "2 added, 1 changed".
func summary(changes []admin.Change) string {
	counts := map[string]int{}
	for _, c := range changes {
		counts[changeMark(c)]++
	}
	var all []string
	for _, m := range []struct{ mark, word string }{{"+", "added"}, {"~", "changed"}, {"-", "deleted"}} {
		if n := counts[m.mark]; n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, m.word))
		}
	}
	if len(all) == 0 {
		return "nothing to change"
	}
	return strings.Join(all, ", ")
}
