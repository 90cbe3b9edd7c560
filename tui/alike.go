package tui

import (
	"slices"

	"github.com/twinctl/twin/collector/admin"
)

// newForms returns a form for what several rows of a kind are to have alike: all
// fields but the one that each is called by.
func newForms(k admin.Kind, rows []Row) form {
	f := form{kind: k, key: counted(len(rows), "row"), many: rows}
	for i, field := range k.Fields {
		if field.Name == k.Label {
			continue
		}
		text, mixed := rows[0].Values[i], false
		for _, r := range rows {
			mixed = mixed || r.Values[i] != text
		}
		if mixed {
			text = ""
		}
		f.fields = append(f.fields, field)
		typed := newEntry(text)
		if mixed {
			typed = entry{}
		}
		f.texts, f.was, f.mixed = append(f.texts, typed), append(f.was, text), append(f.mixed, mixed)
	}
	return f
}

// editAct edits the rows that are marked, or the one that is chosen.
func editAct(k admin.Kind, rows []Row, row Row, as sight) act {
	many := as.marks.rows(rows)
	a := act{key: "e", name: "edit", primary: true, fill: func() form { return newForm(k, row.Key, row.Values) }}
	if len(many) > 0 {
		a.name, a.fill = "edit "+counted(len(many), "marked row"), func() form { return newForms(k, many) }
	}
	return a
}

// has reports whether a row says already all that was typed.
func (f form) has(r Row) bool {
	for i, field := range f.fields {
		at := slices.IndexFunc(f.kind.Fields, func(k admin.Field) bool { return k.Name == field.Name })
		if f.changes(i) && r.Values[at] != f.texts[i].String() {
			return false
		}
	}
	return true
}

// some returns what there is room for, and says how much more there is.
func some(lines []line, room int) []line {
	if len(lines) <= room || room <= 0 {
		return lines[:max(0, min(len(lines), room))]
	}
	return append(lines[:room-1:room-1], line{{" ... " + counted(len(lines)-room+1, "line") + " more: A shows all of it before it is done", quiet}})
}
