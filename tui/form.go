package tui

import (
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/admin"
)

// A form is a row of the administration data that is being typed.
type form struct {
	kind   admin.Kind
	fields []admin.Field // that are typed
	fresh  bool          // the row is new: its key is typed too
	key    string        // of one that is there
	many   []Row         // several that are edited alike; nil: one
	texts  []entry       // the key of a new row, then what stands in each field
	was    []string
	mixed  []bool // of each field of many: they differ in it, and it stays so until something is typed
	at     int
	serial int      // a check is about one of these
	wrong  string   // why it cannot be; "" if it can
	would  []Change // what it would change
	known  bool     // the last check was about what stands there now
}

// newForm returns a form for a row of a kind: values stand in its fields, one
// for each field of the kind. An empty key makes a new row.
func newForm(k admin.Kind, key string, values []string) form {
	f := form{kind: k, fields: k.Fields, key: key, fresh: key == ""}
	if f.keyed() {
		f.texts, f.was, f.mixed = append(f.texts, entry{}), append(f.was, ""), append(f.mixed, false)
	}
	for i := range k.Fields {
		text := ""
		if i < len(values) {
			text = values[i]
		}
		f.texts, f.was, f.mixed = append(f.texts, newEntry(text)), append(f.was, text), append(f.mixed, false)
	}
	return f
}

// keyed reports whether the key is typed: rows with random keys are named by
// what they are called.
func (f form) keyed() bool { return f.fresh && !f.kind.ID }

// name returns what stands before an entry, and what it takes.
func (f form) name(i int) (name, takes, about string) {
	if f.keyed() {
		if i == 0 {
			return "key", "text; required", "what the row is named by"
		}
		i--
	}
	field := f.fields[i]
	return field.Name, takesOf(field), field.Short
}

// takesOf says what can be typed into a field.
func takesOf(f admin.Field) string {
	text := map[admin.Type]string{
		admin.Text: "text", admin.Bool: "true or false", admin.Ref: "key of a " + f.To, admin.Refs: "keys of " + f.To + ", with commas",
		admin.List: "entries with commas",
	}[f.Type]
	switch f.Type {
	case admin.Integer:
		text = count(f.Min) + " to " + count(f.Max)
	case admin.Choice:
		text = "one of"
		for _, c := range f.Choices {
			text += " " + c
		}
	case admin.Text, admin.Bool, admin.Ref, admin.Refs, admin.List:
	}
	if f.Required {
		text += "; required"
	}
	return text
}

// choices returns what an entry can be, where that is a short list.
func (f form) choices(i int) []string {
	if f.keyed() {
		i--
	}
	if i < 0 {
		return nil
	}
	switch field := f.fields[i]; field.Type {
	case admin.Bool:
		return []string{"true", "false"}
	case admin.Choice:
		return field.Choices
	case admin.Text, admin.Integer, admin.Ref, admin.Refs, admin.List:
	}
	return nil
}

// standard is what an entry says that is left empty; "" if that is nothing.
func (f form) standard(i int) string {
	if f.keyed() {
		i--
	}
	if i < 0 {
		return ""
	}
	return defaultText(f.fields[i])
}

// changed reports whether anything was typed.
func (f form) changed() bool {
	for i := range f.texts {
		if f.changes(i) {
			return true
		}
	}
	return false
}

// changes reports whether an entry is to be another than it is. Rows that differ
// in a field become alike by what is typed, also by nothing that was typed last.
func (f form) changes(i int) bool {
	return f.texts[i].String() != f.was[i] || f.mixed[i] && f.texts[i].text != nil
}

// edits returns what was typed: of the fields those that changed.
func (f form) edits() []Edit {
	e := Edit{Kind: f.kind.Name, Key: f.key}
	first := 0
	if f.keyed() {
		e.Key, first = f.texts[0].String(), 1
	}
	for i := first; i < len(f.texts); i++ {
		name, text := f.fields[i-first].Name, f.texts[i].String()
		switch {
		case f.fresh && f.kind.ID && name == f.kind.Label:
			e.Key = text
		case f.changes(i):
			e.Sets = append(e.Sets, name+"="+escapedFile(text))
		}
	}
	if f.many == nil {
		return []Edit{e}
	}
	var all []Edit
	for _, r := range f.many {
		if !f.has(r) {
			all = append(all, Edit{Kind: e.Kind, Key: r.Key, Sets: slices.Clone(e.Sets)})
		}
	}
	return all
}

// escapedFile keeps a text that begins with an @ from being the name of a file.
func escapedFile(text string) string {
	if len(text) > 0 && text[0] == '@' {
		return "@" + text
	}
	return text
}

// typed returns the form with a key pressed in the entry, or a text put there.
func (f form) typed(key string) form {
	e, ok := f.texts[f.at].press(key)
	if !ok {
		return f
	}
	f.texts = slices.Clone(f.texts)
	f.texts[f.at] = e
	f.known = false
	f.serial++
	return f
}

// cycled returns the form with the next of the choices of an entry.
func (f form) cycled() form {
	all := f.choices(f.at)
	next := all[(slices.Index(all, f.texts[f.at].String())+1)%len(all)]
	f.texts = slices.Clone(f.texts)
	f.texts[f.at] = newEntry(next)
	f.known = false
	f.serial++
	return f
}

func (f frame) pressForm(key string) (frame, wish) {
	form := *f.form
	f.message = notice{}
	switch key {
	case "esc":
		f.form = nil
		f.message = notice{"nothing was changed", usual}
		return f, wish{}
	case "down", "tab", "enter":
		form.at = min(form.at+1, len(form.texts)-1)
	case "up", "shift+tab":
		form.at = max(0, form.at-1)
	case "ctrl+s":
		return f.intoDraft(form)
	case " ":
		if form.choices(form.at) != nil {
			form = form.cycled()
		} else {
			form = form.typed(key)
		}
	default:
		form = form.typed(key)
	}
	f.form = &form
	return f, wish{check: !form.known}
}

// intoDraft puts what was typed into the draft, if it can be.
func (f frame) intoDraft(form form) (frame, wish) {
	switch {
	case !form.changed():
		f.message = notice{"nothing was changed yet", usual}
		return f, wish{}
	case !form.known:
		f.message = notice{"it is still being checked", usual}
		return f, wish{check: true}
	case form.wrong != "":
		f.message = notice{"it cannot be so, as it says above", warn}
		return f, wish{}
	}
	f.draft = drafted(f.draft, form.edits()...)
	f.version++
	f.form = nil
	f.message = notice{counted(len(f.draft), "change") + " in the draft: D shows it, A applies it", usual}
	return f.settled(), wish{look: true}
}

func (f form) hints() []act {
	all := []act{{key: "ctrl+s", name: "into the draft"}, {key: "tab", name: "next field"}}
	if f.choices(f.at) != nil {
		all = append(all, act{key: "space", name: "next choice"})
	}
	return all
}

// The parts of a form that do not scroll: the title and a blank line above, and
// below what the field takes and whether all of it can be.
const (
	formHead = 2
	formFoot = 5
)

func (f form) draw(as sight, height int) []line {
	title := "NEW " + f.kind.Name
	if !f.fresh {
		title = f.kind.Name + " " + foreign(f.key)
	}
	if f.many != nil {
		title = f.kind.Name + ": what " + f.key + " are to have alike"
	}
	lines := []line{{{" " + title, strong}, {"   " + f.kind.Short, quiet}}, nil}
	label := 0
	for i := range f.texts {
		name, _, _ := f.name(i)
		label = max(label, wide(name))
	}
	label = min(label, as.width/3)
	room := max(1, height-formHead-formFoot)
	if f.many != nil && len(f.would) > 0 {
		room = max(1, room/2)
	}
	top := max(0, min(f.at-room/2, len(f.texts)-room))
	for i := top; i < min(len(f.texts), top+room); i++ {
		lines = append(lines, f.drawEntry(i, label, as.width))
	}
	_, takes, about := f.name(f.at)
	lines = append(lines, f.outOfSight(top, room), line{{" " + about, usual}}, line{{" " + takes, quiet}})
	lines = append(lines, f.verdict(as.width)...)
	if f.many == nil || !f.known || f.wrong != "" {
		return lines
	}
	return append(lines, some(changeLines(f.would, as.width), height-len(lines))...)
}

// outOfSight says which fields there is no room for: a blank line if there are none.
func (f form) outOfSight(top, room int) line {
	if len(f.texts) <= room {
		return nil
	}
	return line{{fmt.Sprintf("   fields %d to %d of %d: tab and up go to the others", top+1, top+room, len(f.texts)), quiet}}
}

func (f form) drawEntry(i, label, width int) line {
	name, _, _ := f.name(i)
	mark, as := " ", usual
	if f.changes(i) {
		mark, as = "*", strong
	}
	l := line{{" " + mark, strong}, {left(name, label), as}, {"  ", usual}}
	if i == f.at {
		return append(l, f.texts[i].draw(width-l.columns()-1)...)
	}
	if f.mixed[i] && !f.changes(i) {
		return append(l, piece{"(they differ, and stay so)", quiet})
	}
	if standard := f.standard(i); f.texts[i].String() == "" && standard != "" {
		return append(l, piece{"(" + standard + ")", quiet})
	}
	return append(l, piece{foreign(f.texts[i].String()), as})
}

// verdict says whether what was typed can be.
func (f form) verdict(width int) []line {
	switch {
	case !f.changed():
		return []line{{{" nothing is changed yet", quiet}}}
	case !f.known:
		return []line{{{" ...", quiet}}}
	case f.wrong != "":
		return warning(f.wrong, width, bad)
	}
	return []line{{{" + it can be so", good}, {": " + counted(len(f.would), "row") + " would change", usual}}}
}

// A tried is what a check found.
type tried struct {
	serial int
	plan   int // of the asking that it is the plan of; 0: of a form
	would  []Change
	err    error
}

// tried takes the word of a check, if it is about what stands there now.
func (f frame) tried(t tried) frame {
	if k := f.asking; k != nil && t.plan != 0 && k.serial == t.plan {
		var words []string
		for _, l := range changeLines(t.would, f.width) {
			words = append(words, l.text())
		}
		exit := exitOK
		if t.err != nil {
			words, exit = []string{t.err.Error()}, 1
		}
		return f.plannedSo(words, exit)
	}
	if f.form == nil || t.plan != 0 || f.form.serial != t.serial {
		return f
	}
	form := *f.form
	form.known, form.would, form.wrong = true, t.would, ""
	if t.err != nil {
		form.wrong = t.err.Error()
	}
	f.form = &form
	return f
}

// A saved is what became of the draft.
type saved struct {
	text string
	err  error
}

// savedSo empties a draft that was done, and keeps one that was not.
func (f frame) savedSo(s saved) frame {
	if s.err != nil {
		f.message = notice{"nothing was changed: " + s.err.Error(), bad}
		return f
	}
	f.draft = nil
	f.version++
	if f.browse().knobs["see"] == seeDraft {
		f = f.moved(newBrowse())
	}
	f.message = notice{s.text, good}
	if as := f.sight(); as.primary && as.twin != "" {
		f.message.text += "; 7 and S send it to " + as.twin
	}
	return f
}
