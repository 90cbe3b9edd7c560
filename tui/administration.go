package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/admin"
)

// Administration tells of the rows that people set.
type Administration interface {
	// Counts returns how many rows of each kind there are.
	Counts(ctx context.Context) (map[string]int64, error)
	// Rows returns those of a kind, in the order of their keys.
	Rows(ctx context.Context, kind string) ([]Row, error)
	// Changes returns what was changed, the last first: of one row where a key
	// is named, else of all rows, and then without the rows.
	Changes(ctx context.Context, kind, key string) ([]Edited, error)
	// Edited returns one change with its rows.
	Edited(ctx context.Context, generation int64) (Edited, error)
}

// A Row is one of a kind.
type Row struct {
	Key, Called string   // what people call it: may be the key
	Values      []string // one for each field of the kind, as typed behind FIELD=
	Pending     bool     // the twin has not got it so
}

// Edited is a change that was made.
type Edited struct {
	Generation, Undoes, Rows int64
	At                       time.Time
	Actor, From, Verb        string
	Drift                    bool // made on the secondary
	Changes                  []Change
}

// administered is what was looked at.
type administered struct {
	counts map[string]int64
	rows   []Row
	edited []Edited
}

// What the knob "see" of the screen can be at.
const (
	seeRows  = ""
	seeLog   = "log"
	seeDraft = "draft"
)

func adminScreen() screen {
	return of(screen{tab: "6", name: "Admin", about: "names, limits, users, reports, settings: what both servers share"}, lookAtAdmin, showAdmin)
}

func lookAtAdmin(ctx context.Context, from Sources, at place) (a administered, err error) {
	switch {
	case at.knobs["see"] == seeLog && len(at.path) > 0:
		generation, err := strconv.ParseInt(at.leaf(), 10, 64)
		if err != nil {
			return a, err
		}
		one, err := from.Admin.Edited(ctx, generation)
		return administered{edited: []Edited{one}}, err
	case at.knobs["see"] == seeLog:
		a.edited, err = from.Admin.Changes(ctx, "", "")
	case at.knobs["see"] == seeDraft:
	case len(at.path) == 0:
		a.counts, err = from.Admin.Counts(ctx)
	default:
		a.rows, err = from.Admin.Rows(ctx, at.path[0])
		if err == nil && len(at.path) > 1 {
			a.edited, err = from.Admin.Changes(ctx, at.path[0], at.path[1])
		}
	}
	return a, err
}

func showAdmin(a administered, as sight) page {
	p := showAdminPlace(a, as)
	if as.at.knobs["see"] != seeDraft {
		p.notes = append(p.notes, as.drafted()...)
	}
	return p
}

// drafted says that there is a draft, if there is.
func (s sight) drafted() []piece {
	n := len(s.draft)
	if n == 0 {
		return nil
	}
	return []piece{{counted(n, "change") + " in the draft: D shows it, A applies it", strong}}
}

func showAdminPlace(a administered, as sight) page {
	switch {
	case as.at.knobs["see"] == seeDraft:
		return showDraft(as)
	case as.at.knobs["see"] == seeLog && len(as.at.path) > 0:
		return showEdited(a.edited, as)
	case as.at.knobs["see"] == seeLog:
		return showLog(a.edited)
	case len(as.at.path) == 0:
		return showKinds(a.counts, as)
	}
	kind, _ := admin.KindNamed(as.at.path[0])
	if len(as.at.path) == 1 {
		return showRows(kind, a.rows, as)
	}
	return showRow(kind, a, as)
}

// showKinds shows what there is to be administered.
func showKinds(counts map[string]int64, as sight) page {
	t := tableOf(admin.Kinds(), []field{{title: "kind"}, {title: "rows", right: true}, {title: "what it is"}},
		func(k admin.Kind) string { return k.Name },
		func(k admin.Kind, _ sight) []piece {
			return []piece{{k.Name, strong}, {count(counts[k.Name]), usual}, {k.Short, usual}}
		})
	t.opens = true
	return page{title: "administration", table: &t, acts: func(row string) []act {
		kind, _ := admin.KindNamed(row)
		return append([]act{addAct(kind)}, draftActs(as)...)
	}}
}

func addAct(k admin.Kind) act {
	a := act{key: "a", name: "add", primary: true, fill: func() form { return newForm(k, "", nil) }}
	switch k.Name {
	case "":
		a.off = "of which kind? choose one"
	case "setting":
		a.off = "all settings are there: e changes one"
	}
	return a
}

// draftActs are those about changes of all kinds.
func draftActs(as sight) []act {
	see := func(what string) func(browse) browse {
		return func(browse) browse { return newBrowse().turn("see", what) }
	}
	return []act{
		{key: "D", name: "draft", turn: see(seeDraft)},
		applyAct(as),
		{key: "l", name: "log", turn: see(seeLog)},
		{key: "U", name: "undo the last change", args: []string{"admin", "undo"}, plan: []string{"admin", "undo", "--dry-run"}, rung: afterPlan, primary: true},
		{
			key: "I", name: "import a file", args: []string{"admin", "import"}, plan: []string{"admin", "import", "--dry-run"}, rung: afterPlan, primary: true,
			asks: []question{{prompt: "file, as twinctl admin export writes it", must: true}},
		},
	}
}

// applyAct does the draft.
func applyAct(as sight) act {
	a := act{key: "A", name: "apply the draft", draft: true, rung: afterPlan, primary: true}
	if len(as.draft) == 0 {
		a.off = "the draft is empty: what a form makes goes into it"
	}
	return a
}

// showRows shows the rows of a kind, with the fields that any says something in.
func showRows(k admin.Kind, rows []Row, as sight) page {
	fields := []field{{title: "twin"}, {title: "key", most: 24}}
	var said []int
	for i, f := range k.Fields {
		if f.Name == k.Label || slices.ContainsFunc(rows, func(r Row) bool { return r.Values[i] != "" && r.Values[i] != defaultText(f) }) {
			said = append(said, i)
			fields = append(fields, field{title: f.Name, right: f.Type == admin.Integer, most: 24, rank: len(fields)})
		}
	}
	if k.ID {
		fields[1].rank = 100
	}
	t := tableOf(rows, fields, func(r Row) string { return r.Key }, func(r Row, _ sight) []piece {
		cells := make([]piece, 2, len(fields)) // of a hundred thousand rows where a filter is typed
		cells[1] = piece{r.Key, strong}
		if r.Pending {
			cells[0] = piece{"*", warn}
		}
		for _, i := range said {
			cells = append(cells, piece{r.Values[i], usual})
		}
		return cells
	})
	t.empty, t.opens, t.marks = as.adds("there is none"), true, as.marks
	p := page{title: k.Name, of: "- " + k.Short, table: &t, acts: func(row string) []act {
		return append(slices.Insert(rowActs(k, rows, row, as), 2, markActs(row, "mark", "marked")...), draftActs(as)...)
	}}
	if n := pendingRows(rows); n > 0 && as.twin != "" {
		p.notes = append(p.notes, piece{"* " + counted(n, "row") + " " + isAre(n) + " not so on " + as.twin + " yet", usual})
	}
	return p
}

func pendingRows(rows []Row) (n int) {
	for _, r := range rows {
		if r.Pending {
			n++
		}
	}
	return n
}

// defaultText is what a field says that is left out.
func defaultText(f admin.Field) string {
	switch v := f.Value(nil).(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case []string:
		return strings.Join(v, ",")
	}
	return ""
}

// rowActs are those about one row.
func rowActs(k admin.Kind, rows []Row, key string, as sight) []act {
	var r Row
	none := "there is no row to do that with"
	if at := slices.IndexFunc(rows, func(r Row) bool { return r.Key == key }); at >= 0 {
		r, none = rows[at], ""
	}
	edit := editAct(k, rows, r, as)
	edit.off = none
	remove := act{
		key: "x", name: "delete", args: []string{"admin", k.Name, "delete"}, names: []string{r.Key}, rung: afterName, what: r.Called,
		plan: []string{"admin", k.Name, "delete", "--dry-run"}, off: none, primary: true,
	}
	if k.Name == "setting" {
		remove.name, remove.rung = "back to its default", afterPlan
	}
	with := remove
	with.key, with.name = "X", "delete, and what refers to it"
	with.args, with.plan = []string{"admin", k.Name, "delete", "--cascade"}, []string{"admin", k.Name, "delete", "--cascade", "--dry-run"}
	write := writeAct(k.Name, key, rows, as)
	write.off = none
	return []act{edit, addAct(k), write, remove, with}
}

// showRow shows one row, and what became of it.
func showRow(k admin.Kind, a administered, as sight) page {
	key := as.at.leaf()
	p := page{title: k.Name, of: key, acts: func(string) []act { return append(rowActs(k, a.rows, key, as), draftActs(as)...) }}
	at := slices.IndexFunc(a.rows, func(r Row) bool { return r.Key == key })
	if at < 0 {
		p.text = []line{{{" it is not there any more", quiet}}}
	} else {
		r := a.rows[at]
		for i, f := range k.Fields {
			value, tone := r.Values[i], usual
			if value == "" {
				value, tone = "-", quiet
			} else if value == defaultText(f) {
				tone = quiet
			}
			p.text = append(p.text, labelled(f.Name, value, tone, as.width)...)
		}
	}
	p.text = append(p.text, nil, line{{" WHAT BECAME OF IT", strong}})
	for _, e := range a.edited {
		p.text = append(p.text, e.head())
		p.text = append(p.text, changeLines(e.Changes, as.width)...)
	}
	return p
}

// head says who changed something, and when.
func (e Edited) head() line {
	text := " generation " + count(e.Generation) + "  " + e.At.UTC().Format(clockLayout) + "  " + foreign(e.Actor) + " from " + foreign(e.From) + "  " + foreign(e.Verb)
	if e.Undoes != 0 {
		text += " of " + count(e.Undoes)
	}
	l := line{{text, usual}}
	if e.Drift {
		l = append(l, piece{"  ! on the secondary", warn})
	}
	return l
}

// showLog shows all changes.
func showLog(all []Edited) page {
	t := tableOf(all, []field{{title: "generation", right: true}, {title: "when"}, {title: "who", most: 20}, {title: "from", rank: 2}, {title: "did"}, {title: "rows", right: true}, {title: "", rank: 1}},
		func(e Edited) string { return strconv.FormatInt(e.Generation, 10) },
		func(e Edited, _ sight) []piece {
			about := piece{}
			if e.Drift {
				about = piece{"! on the secondary", warn}
			} else if e.Undoes != 0 {
				about = piece{"takes back " + count(e.Undoes), usual}
			}
			return []piece{{count(e.Generation), usual}, {moment(e.At), usual}, {e.Actor, strong}, {e.From, quiet}, {e.Verb, usual}, {count(e.Rows), usual}, about}
		})
	t.empty, t.opens = "nothing was changed yet", true
	return page{title: "changes", table: &t, acts: func(row string) []act {
		off := ""
		if row == "" {
			off = "there is no change to take back"
		}
		return []act{backToRows(), undoAct(row, off)}
	}}
}

func backToRows() act {
	return act{key: "l", name: "the rows", turn: func(browse) browse { return newBrowse() }}
}

// undoAct takes one change back.
func undoAct(generation, off string) act {
	return act{
		key: "U", name: "take it back", args: []string{"admin", "undo"}, names: []string{generation}, plan: []string{"admin", "undo", "--dry-run"},
		rung: afterPlan, primary: true, off: off,
	}
}

func showEdited(all []Edited, as sight) page {
	p := page{title: "change", of: as.at.leaf()}
	for _, e := range all {
		p.text = append(append(p.text, e.head(), nil), changeLines(e.Changes, as.width)...)
	}
	p.acts = func(string) []act { return []act{backToRows(), undoAct(as.at.leaf(), "")} }
	return p
}

// showDraft shows what is to be changed, as the lines that would do it.
func showDraft(as sight) page {
	t := tableOf(as.draft, []field{{title: "kind"}, {title: "key", most: 24}, {title: "the line that does the same"}},
		func(e Edit) string { return e.Kind + "\x00" + e.Key },
		func(e Edit, _ sight) []piece {
			return []piece{{e.Kind, strong}, {e.Key, strong}, {typed(e.args(), ""), usual}}
		})
	t.empty = "the draft is empty: what a form makes goes into it"
	return page{title: "draft", table: &t, acts: func(row string) []act {
		acts := []act{{key: "x", name: "take out of the draft", off: "", goes: func(f frame) (frame, wish) {
			f.version++
			f.draft = slices.DeleteFunc(slices.Clone(f.draft), func(e Edit) bool { return e.Kind+"\x00"+e.Key == row })
			return f.settled(), wish{}
		}}}
		return append(acts, applyAct(as), backToRows())
	}}
}
