package tui

import (
	"regexp"
	"strconv"
	"strings"
)

// A writing is rows as a text, which a program of the person's own edits.
type writing struct {
	kind   string
	keys   []string // of the rows
	serial int
	given  string // as the rows are
	text   string // as it was left last
	known  bool   // it was checked as it stands
	wrong  string // why it cannot be so; "" if it can
	at     int    // the line that is wrong; 0: not known
	edits  []Edit
	would  []Change
	top    int  // lines of it that are scrolled away
	sure   bool // what was written may be lost
}

// writeAct opens rows in an editor: those that are marked, or the one that is
// chosen.
func writeAct(kind, row string, rows []Row, as sight) act {
	var keys []string
	for _, r := range as.marks.rows(rows) {
		keys = append(keys, r.Key)
	}
	a := act{key: "E", name: "edit as TOML", primary: true}
	if len(keys) > 0 {
		a.name = "edit " + counted(len(keys), "marked row") + " as TOML"
	} else {
		keys = []string{row}
	}
	a.write = func() writing { return writing{kind: kind, keys: keys} }
	return a
}

// title is what is written about.
func (w writing) title() string {
	if len(w.keys) == 1 {
		return w.kind + " " + foreign(w.keys[0])
	}
	return counted(len(w.keys), "row") + " of kind " + w.kind
}

// write begins to write, where a program may be started.
func (f frame) write(w writing) (frame, wish) {
	if !f.programs {
		f.message = notice{"no editor is started from here: e asks for one field after another", warn}
		return f, wish{}
	}
	f.askings++
	w.serial = f.askings
	f.writing = &w
	return f, wish{fetch: true}
}

// A fetched is the rows as a text.
type fetched struct {
	serial int
	text   string
	err    error
}

// fetchedSo takes the text, and has it edited.
func (f frame) fetchedSo(t fetched) (frame, wish) {
	if f.writing == nil || f.writing.serial != t.serial {
		return f, wish{}
	}
	if t.err != nil {
		f.writing = nil
		f.message = notice{"that cannot be written as a text: " + t.err.Error(), bad}
		return f, wish{}
	}
	w := *f.writing
	w.given, w.text = t.text, t.text
	f.writing = &w
	return f, wish{edit: true}
}

// A written is what the editor left.
type written struct {
	serial int
	text   string
	err    error // it could not be started, or failed
}

// writtenSo takes what the editor left.
func (f frame) writtenSo(t written) (frame, wish) {
	if f.writing == nil || f.writing.serial != t.serial {
		return f, wish{}
	}
	w := *f.writing
	if t.err != nil {
		w.known, w.at, w.wrong = true, 0, "the editor: "+t.err.Error()
		f.writing = &w
		return f, wish{}
	}
	w.text, w.known, w.wrong, w.edits, w.would, w.top, w.sure = t.text, false, "", nil, nil, 0, false
	if strings.TrimSpace(t.text) == "" || t.text == w.given {
		f.writing = nil
		f.message = notice{"nothing was changed", usual}
		return f, wish{}
	}
	f.writing = &w
	return f, wish{check: true}
}

// A judged is what a check of a text found.
type judged struct {
	serial int
	edits  []Edit
	would  []Change
	err    error
}

// judgedSo takes the word of a check.
func (f frame) judgedSo(j judged) frame {
	if f.writing == nil || f.writing.serial != j.serial {
		return f
	}
	w := *f.writing
	w.known, w.edits, w.would = true, j.edits, j.would
	if j.err != nil {
		w.wrong = j.err.Error()
		w.at = lineOf(w.text, w.wrong)
	}
	f.writing = &w
	if w.wrong == "" && len(w.edits) == 0 {
		f.writing = nil
		f.message = notice{"the text says what the rows are already: nothing was changed", usual}
	}
	return f
}

// wrote takes what became of a text.
func (f frame) wrote(msg any) (frame, wish) {
	switch msg := msg.(type) {
	case fetched:
		return f.fetchedSo(msg)
	case written:
		return f.writtenSo(msg)
	case judged:
		return f.judgedSo(msg), wish{}
	}
	return f, wish{}
}

func (f frame) pressWriting(key string) (frame, wish) {
	w := *f.writing
	most := len(w.words(f.width))
	by := map[string]int{"j": 1, "down": 1, "k": -1, "up": -1, "pgdown": pageRows, "pgup": -pageRows, "g": -most, "G": most}
	w.top = max(0, min(w.top+by[key], most-1))
	f.writing = &w
	switch key {
	case "e":
		return f, wish{edit: w.known}
	case "ctrl+s":
		return f.writtenIn(w)
	case "esc":
		if w.known && !w.sure {
			w.sure = true
			f.message = notice{"what was written will be lost: esc again to leave it all the same", warn}
			return f, wish{}
		}
		f.writing = nil
		f.message = notice{"nothing was changed", usual}
	}
	return f, wish{}
}

// writtenIn puts what was written into the draft, if it can be.
func (f frame) writtenIn(w writing) (frame, wish) {
	switch {
	case !w.known:
		f.message = notice{"it is still being checked", usual}
		return f, wish{}
	case w.wrong != "":
		f.message = notice{"it cannot be so: e goes on editing", warn}
		return f, wish{}
	}
	f.draft = drafted(f.draft, w.edits...)
	f.version++
	f.writing = nil
	f.message = notice{counted(len(f.draft), "change") + " in the draft: D shows it, A applies it", usual}
	return f.settled(), wish{look: true}
}

func (w writing) hints() []act {
	all := []act{{key: "e", name: "go on editing"}}
	if w.known && w.wrong == "" {
		all = append([]act{{key: "ctrl+s", name: "into the draft"}}, all...)
	}
	return all
}

func (w writing) draw(as sight, height int) []line {
	lines := []line{{{" " + w.title(), strong}, {"   as a text", quiet}}, nil}
	switch {
	case !w.known:
		return append(lines, line{{" ...", quiet}})
	case w.wrong != "":
		lines = append(lines, warning(w.wrong, as.width, bad)...)
	default:
		lines = append(lines, line{{" + it can be so", good}, {": " + counted(len(w.would), "row") + " would change", usual}})
	}
	lines = append(lines, nil)
	all := w.words(as.width)
	first := max(0, min(w.top, len(all)-1))
	return fit(append(lines, all[first:min(len(all), first+max(0, height-len(lines)))]...), height)
}

// around is how many lines of a text stand before and behind one that is wrong.
const around = 4

// words are what would change, or the text around what is wrong with it.
func (w writing) words(width int) []line {
	if w.wrong == "" {
		return changeLines(w.would, width)
	}
	var lines []line
	for i, text := range strings.Split(w.text, "\n") {
		n := i + 1
		if w.at == 0 || n < w.at-around || n > w.at+around {
			continue
		}
		mark, as := "  ", usual
		if n == w.at {
			mark, as = "> ", strong
		}
		lines = append(lines, line{{" " + mark + right(strconv.Itoa(n), 5) + "  ", quiet}, {foreign(strings.ReplaceAll(text, "\t", "    ")), as}})
	}
	return lines
}

// lineOf returns the line of a text of rows that a message is about: the one that
// it names, or that of the row that it names, or of the field of it; else 0.
func lineOf(text, message string) int {
	if m := regexp.MustCompile(`\bline ([0-9]{1,9})\b`).FindStringSubmatch(message); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits
		return n
	}
	at, about := 0, ""
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if head, ok := strings.CutPrefix(l, "["); ok {
			if at != 0 {
				break
			}
			kind, key, _ := strings.Cut(strings.TrimSuffix(head, "]"), ".")
			if _, rest, ok := strings.Cut(message, foreign(kind+"/"+strings.Trim(key, `"'`))+":"); ok {
				at, about = i+1, rest
			}
			continue
		}
		name, _, ok := strings.Cut(l, "=")
		if name = strings.TrimSpace(name); at != 0 && ok && regexp.MustCompile(`^ (there is no field ")?`+regexp.QuoteMeta(name)+`\b`).MatchString(about) {
			return i + 1
		}
	}
	return at
}
