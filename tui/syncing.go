package tui

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/admin"
)

// A Syncer tells what a sync would do, and what syncs did.
type Syncer interface {
	// Plan asks the twin and changes nothing. It fails where this server may
	// not push, or the twin does not answer.
	Plan(ctx context.Context, c Choices) (Plan, error)
	// Agreements returns the syncs that both agreed on, the last one first.
	Agreements(ctx context.Context) ([]admin.Agreement, error)
}

// Choices are what somebody decided about rows that a sync stops at.
type Choices struct {
	Drift   string            // keep, overwrite or adopt; "" none
	First   bool              // begin anew, where there is no common base
	Resolve map[string]string // by KIND/KEY: whose row stands, primary or secondary
}

// A Plan is what a sync would do.
type Plan struct {
	Here, There string // the servers
	Unknown     bool   // this server does not send: what differs is not known here
	Verdict     string // in a sentence
	Blocked     string // why it would not be done as it is; "" if it would
	Idle        bool   // there is nothing to do: not even to agree that nothing differs
	Rows        []PlannedRow
}

// A PlannedRow is what a sync would do about one row.
type PlannedRow struct {
	Kind, Key, Called string

	// Does is what is done: sent, adopted, kept, or that somebody must choose:
	// conflict, drift.
	Does    string
	Sign    string   // "+" it is new where it goes, "-" it goes there, "~" it changes
	Fields  []Paired // that differ
	Effects []string // what it will cause
}

// Paired is a field as it is on both servers.
type Paired struct{ Field, Here, There string }

func (r PlannedRow) name() string { return r.Kind + "/" + r.Key }

// syncing is what was looked at.
type syncing struct {
	plan   Plan
	agreed []admin.Agreement
}

// The knobs of the screen, beside "see"; those about one row begin with resolves.
const (
	knobDrift = "drift"
	knobFirst = "first"
	resolves  = "resolve "
)

func syncScreen() screen {
	return of(screen{tab: "7", name: "Sync", about: "what the secondary has not got yet, and sending it"},
		func(ctx context.Context, from Sources, at place) (s syncing, err error) {
			if at.knobs["see"] == seeLog {
				s.agreed, err = from.Sync.Agreements(ctx)
			} else {
				s.plan, err = from.Sync.Plan(ctx, choicesAt(at))
			}
			return s, err
		}, showSync)
}

func choicesAt(at place) Choices {
	c := Choices{Drift: at.knobs[knobDrift], First: at.knobs[knobFirst] != "", Resolve: map[string]string{}}
	for knob, side := range at.knobs {
		if row, ok := strings.CutPrefix(knob, resolves); ok {
			c.Resolve[row] = side
		}
	}
	return c
}

// flags are the choices as they are typed behind twinctl sync.
func (c Choices) flags() []string {
	var all []string
	if c.Drift != "" {
		all = append(all, "--drift="+c.Drift)
	}
	if c.First {
		all = append(all, "--first")
	}
	for _, row := range slices.Sorted(maps.Keys(c.Resolve)) {
		all = append(all, "--resolve="+c.Resolve[row]+" "+row)
	}
	return all
}

// leftOut returns the flags by which a sync leaves those rows out that are marked,
// by naming them or all others, whichever are fewer; and how many are left.
func (p Plan) leftOut(m marked) (flags []string, bare int) {
	names := make([]string, len(p.Rows))
	for i, r := range p.Rows {
		names[i] = r.name()
	}
	in, out := m.split(names)
	flag := "--except="
	if len(in) < len(out) {
		flag, out = "--only=", in
	}
	for _, name := range out {
		flags = append(flags, flag+name)
	}
	return flags, len(in)
}

// choose says of rows that are not left out and wait for a choice by which keys
// that is made.
func (p Plan) choose(m marked) []string {
	n := map[string]int{}
	for _, r := range p.Rows {
		if r.open() && !m[r.name()] {
			n[r.Does]++
		}
	}
	var all []string
	if n["conflict"] > 0 {
		all = append(all, counted(n["conflict"], "row")+" edited on both: on each p lets the primary's stand, s the secondary's, space leaves it out")
	}
	if n["drift"] > 0 {
		all = append(all, counted(n["drift"], "row")+" edited on "+foreign(p.There)+" alone: d keeps that, overwrites or adopts it, space leaves it out")
	}
	return all
}

func (r PlannedRow) open() bool { return r.Does == "conflict" || r.Does == "drift" }

func showSync(s syncing, as sight) page {
	if as.at.knobs["see"] == seeLog {
		return showAgreements(s.agreed)
	}
	if as.at.leaf() != "" {
		return showPlannedRow(s.plan, as)
	}
	t := tableOf(s.plan.Rows, []field{{title: "", most: 10}, {title: "kind"}, {title: "key", most: 24, rank: 2}, {title: "called", most: 24}, {title: "what changes", rank: 1}},
		PlannedRow.name, func(r PlannedRow, _ sight) []piece {
			var changes []string
			for _, f := range r.Fields {
				changes = append(changes, f.Field)
			}
			does, key := r.does(), strong
			if as.marks[r.name()] {
				does, key = piece{"- left out", quiet}, quiet
			}
			return []piece{does, {r.Kind, usual}, {r.Key, quiet}, {cmp.Or(r.Called, r.Key), key}, {strings.Join(changes, ", "), usual}}
		})
	t.empty, t.opens = "nothing differs", true
	if s.plan.Unknown {
		t.empty = "the primary sends: what differs is to be seen there"
	}
	p := page{title: "sync", of: s.plan.Here + " -> " + s.plan.There, table: &t, pace: -1}
	if s.plan.Unknown {
		p.of = ""
	}
	waits := slices.ContainsFunc(s.plan.Rows, PlannedRow.open)
	if s.plan.Blocked != "" && !waits {
		p.notes = append(p.notes, piece{s.plan.Blocked, warn})
	}
	for _, text := range s.plan.choose(as.marks) {
		p.notes = append(p.notes, piece{text, warn})
	}
	p.notes = append(p.notes, piece{s.plan.Verdict, strong})
	if n := len(as.marks.among(t.keys)); n > 0 {
		p.notes = append(p.notes, piece{counted(n, "row") + " " + isAre(n) + " left out: S does not send what stands there, and it stays pending", usual})
	}
	p.acts = func(row string) []act {
		return slices.Insert(syncActs(s.plan, row, as), 1, markActs(row, "in or out", "left out")...)
	}
	return p
}

// does says what is done about the row, with a sign for where it changes.
func (r PlannedRow) does() piece {
	switch r.Does {
	case "conflict", "drift":
		return piece{"! " + r.Does, bad}
	case "kept":
		return piece{"- kept", quiet}
	case "adopted":
		return piece{"< adopt", warn}
	}
	return piece{"> " + map[string]string{"+": "add", "-": "remove", "~": "change"}[r.Sign], usual}
}

// drifts are the choices about rows that were edited on the secondary alone.
func drifts() []string { return []string{"", "keep", "overwrite", "adopt"} }

func syncActs(plan Plan, row string, as sight) []act {
	c := choicesAt(as.at)
	conflict := "no conflict is chosen"
	for _, r := range plan.Rows {
		if r.name() == row && (r.Does == "conflict" || c.Resolve[row] != "") {
			conflict = ""
		}
	}
	stands := func(side string) func(browse) browse {
		return func(b browse) browse {
			b.place = b.turned(resolves+row, side)
			return b
		}
	}
	off, out := "", as.marks
	if as.at.leaf() != "" {
		out = as.above
	}
	flags, in := plan.leftOut(out)
	flags = append(c.flags(), flags...)
	switch {
	case plan.Unknown:
		off = "the primary sends"
	case len(plan.Rows) == 0 && plan.Idle:
		off = "nothing differs: there is nothing to send"
	case in == 0 && len(plan.Rows) > 0:
		off = "all rows are left out: there is nothing to send"
	}
	send, dry := append([]string{"sync", "--progress"}, flags...), append([]string{"sync", "--dry-run"}, flags...)
	first := map[bool]string{false: "yes"}[c.First]
	drift := turning("d", "drift: "+c.driftWord(), dial{knobDrift, drifts()})
	anew := act{key: "f", name: "begin anew: " + yesNo(c.First), turn: func(b browse) browse { return b.turn(knobFirst, first) }}
	if plan.Unknown { // it is chosen where it is sent from
		drift.off, anew.off = off, off
	}
	return []act{
		{key: "S", name: "send", args: send, plan: dry, rung: afterPlan, shows: true, primary: true, off: off},
		{key: "p", name: "primary's", off: conflict, turn: stands("primary")},
		{key: "s", name: "secondary's", off: conflict, turn: stands("secondary")},
		drift,
		anew,
		{key: "l", name: "log", turn: func(browse) browse { return newBrowse().turn("see", seeLog) }},
		{
			key: "X", name: "send, deletions too", args: send, plan: dry, rung: afterName, what: plan.There,
			asks: []question{{prompt: "how many rows may be deleted", flag: "--allow-deletes", must: true}}, shows: true, primary: true, off: off,
		},
		{key: "c", name: "compare the records", args: []string{"compare"}, shows: true},
	}
}

func (c Choices) driftWord() string {
	if c.Drift == "" {
		return "stop"
	}
	return c.Drift
}

// showPlannedRow shows both sides of a row beside one another.
func showPlannedRow(plan Plan, as sight) page {
	p := page{title: "row", of: as.at.leaf(), pace: -1, acts: func(string) []act { return syncActs(plan, as.at.leaf(), as) }}
	at := slices.IndexFunc(plan.Rows, func(r PlannedRow) bool { return r.name() == as.at.leaf() })
	if at < 0 {
		p.text = []line{{{" it does not differ any more", quiet}}}
		return p
	}
	r := plan.Rows[at]
	p.text = append(p.text, line{{" ", usual}, r.does()}, nil)
	label := min(labelWidth, as.width/4)
	cell := max(1, (as.width-label-4)/2)
	beside := func(name, here, there string, as tone) line {
		return line{{" " + left(foreign(name), label) + " ", quiet}, {left(foreign(here), cell), as}, {" ", usual}, {left(foreign(there), cell), as}}
	}
	p.text = append(p.text, beside("", plan.Here, plan.There, strong))
	for _, f := range r.Fields {
		here, there := wrap(shownValue(f.Here), cell), wrap(shownValue(f.There), cell)
		for i := range max(len(here), len(there)) {
			name, both := f.Field, [2]string{}
			if i > 0 {
				name = ""
			}
			for n, parts := range [][]string{here, there} {
				if i < len(parts) {
					both[n] = parts[i]
				}
			}
			p.text = append(p.text, beside(name, both[0], both[1], usual))
		}
	}
	for _, text := range r.Effects {
		p.text = append(p.text, warning(text, as.width, warn)...)
	}
	return p
}

// showAgreements shows what was sent, and when.
func showAgreements(all []admin.Agreement) page {
	t := tableOf(all, []field{{title: "generation", right: true}, {title: "when"}, {title: "who", most: 20}, {title: "as", rank: 2}, {title: "added", right: true}, {title: "changed", right: true}, {title: "removed", right: true}, {title: "bytes", right: true, rank: 1}},
		func(a admin.Agreement) string { return strconv.FormatInt(a.To, 10) },
		func(a admin.Agreement, _ sight) []piece {
			return []piece{{count(a.To), strong}, {moment(a.At.Time()), usual}, {a.Actor, usual}, {a.Role, quiet}, {count(a.Added), usual}, {count(a.Changed), usual}, {count(a.Removed), usual}, {count(a.Bytes), quiet}}
		})
	t.empty = "there was no sync yet"
	return page{title: "syncs", table: &t, acts: func(row string) []act {
		off := ""
		if row == "" {
			off = "there is no sync to go back to"
		}
		back := act{
			key: "B", name: "go back to it, on both", args: []string{"sync", "rollback", "--to=" + row}, plan: []string{"sync", "rollback", "--dry-run", "--to=" + row},
			rung: afterName, what: "generation " + row, shows: true, primary: true, off: off,
		}
		return []act{backToRows(), {key: "o", name: "what it did", args: []string{"sync", "show", row}, shows: true, off: off}, back}
	}}
}
