package tui

import (
	"cmp"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// moveActs is what can be done about the role: of what moves it, what fits how
// things stand, and of the rest why not.
func moveActs(m moving, as sight) []act {
	w, is := as.way(), m.phase(as)
	to, from := w.to, w.from
	if to == "" {
		to, from = "the other server", "this one"
	}
	reason := question{prompt: "why, for the journal and the audit", flag: "--reason", must: true}
	running := question{prompt: "runs that need the role: wait, cancel or handoff", flag: "--on-running", first: "wait"}
	back := "nothing is open that could be gone on with"
	switch is {
	case halted, undoing:
		back = ""
	case going:
		back = "it goes on: nothing has halted"
	case noMove:
	}
	door := doors(is, w, as)
	end := ""
	if is == noMove {
		m.book, end = node.Runbook{Giver: w.from}, "no move of the role is open"
	}
	return []act{
		{
			key: "S", name: "make " + to + " primary", args: []string{"switchover", "--to=" + to}, plan: []string{"switchover", "--dry-run", "--to=" + to},
			asks: []question{reason, running}, rung: afterPlan, last: true, off: door.over,
		},
		{key: "R", name: "go on with it", args: []string{"switchover", "--resume"}, rung: afterYes, off: cmp.Or(unable(as), back)},
		{key: "A", name: "end it", says: "it ends, " + m.undone(), args: []string{"switchover", "--abort"}, rung: afterYes, over: true, off: cmp.Or(unable(as), end)},
		{
			key: "B", name: "fail back", args: []string{"switchover", "--failback"}, plan: []string{"switchover", "--failback", "--dry-run"},
			asks: []question{reason, running}, rung: afterPlan, last: true, off: door.back,
		},
		{
			key: "E", name: "rehearse", says: "the role goes over to " + to + ", and back", args: []string{"switchover", "drill"}, plan: []string{"switchover", "--dry-run"},
			asks: []question{reason}, rung: afterPlan, last: true, off: door.drill,
		},
		{
			key: "P", name: "promote, if " + from + " is down", args: []string{"promote", "--primary-is-down", "--confirm=" + from},
			plan: []string{"promote", "--primary-is-down", "--dry-run", "--confirm=" + from},
			asks: []question{{prompt: "how is it known that " + from + " is down, for the journal and the audit", flag: "--reason", must: true}},
			says: "if " + from + " is not down, slots may run twice", what: from, rung: afterName, off: door.promote,
		},
		{key: "c", name: "check again", args: []string{"ready"}, shows: true},
		{key: "n", name: "dry run", args: []string{"switchover", "--dry-run"}, shows: true},
		{key: "v", name: "all checks", turn: func(browse) browse { return newBrowse().turn("see", seeChecks) }},
		{key: "h", name: "history", turn: func(browse) browse { return newBrowse().turn("see", seeMoves) }},
	}
}

// unable says why nothing that moves the role can be done from here.
func unable(as sight) string {
	switch {
	case len(as.sides) < 2:
		return "no twin is paired: twinctl pair accept"
	case as.own == nil || !as.own.Running:
		return "twind does not run on " + as.here + ", and it is what moves the role: systemctl start twind"
	}
	return ""
}

// begins says why no move can be begun.
func begins(is phase, w way, as sight) string {
	if why := unable(as); why != "" {
		return why
	}
	if why := moves(is); why != "" {
		return why
	}
	if is == halted {
		return "a move has halted part-way: R goes on with it, A ends it"
	}
	if w.to == "" {
		return "who has the role is not known: twinctl pair check"
	}
	return ""
}

// A door is each way that the role can begin to go, and why it is shut; "": it is open.
type door struct{ over, back, drill, promote string }

// doors says which ways are open: of going over and going back the one that it
// would be, unless the way back is one that has to wait.
func doors(is phase, w way, as sight) door {
	d := door{promote: cmp.Or(unable(as), moves(is), promotes(w, as))}
	if why := cmp.Or(begins(is, w, as), unready(w, as)); why != "" {
		d.over, d.back, d.drill = why, why, why
		return d
	}
	switch d.back = cmp.Or(homely(w), hurried(as.own.Ready)); {
	case d.back == "":
		d.over = w.home + " was made primary at first: B, fail back, is the way to it"
	case w.from != w.home:
		d.back += "; S goes back at once"
	}
	return d
}

// unready says what keeps the role where it is, and what to do about that.
func unready(w way, as sight) string {
	r := as.own.Ready
	switch {
	case r.Switchover:
		return ""
	case silent(w, as):
		return w.from + " is not heard, so it cannot give the role: if it is dead, P takes it"
	}
	for _, c := range wrongs(r) {
		if c.Level == "blocker" && !r.Unknown() {
			return "not ready: " + checkWords(c) + "; v shows all"
		}
	}
	return "whether the role can be moved is looked at: a moment, or c checks"
}

// checkWords are what there is to do about a check, or else what it saw.
func checkWords(c node.ReadyCheck) string {
	text := cmp.Or(c.Fix, c.Compared)
	if c.Name != "" {
		text = c.Name + ": " + text
	}
	if c.Side != "" && c.Side != c.Name {
		text = c.Side + ": " + text
	}
	return text
}

// hurried says what a way back has to wait for: nobody needs it in a hurry, and it
// is not gone where there is anything to be warned of that is about it.
func hurried(r node.Readiness) string {
	for _, c := range r.Checks {
		if c.Level == "warning" && switchover.KeepsHome(c.Name) {
			return "the way back waits: " + checkWords(c)
		}
	}
	return ""
}

// homely says why there is no way home.
func homely(w way) string {
	if w.from == w.home {
		return w.from + " was made primary at first, and has the role: there is no way back"
	}
	return ""
}

// moves says that a move is not to be disturbed; one that has halted may be ended by
// a promotion.
func moves(is phase) string {
	if is == going || is == undoing {
		return "the role is being moved: A ends that"
	}
	return ""
}

// promoteLine is what is typed where the primary is down.
const promoteLine = "twinctl promote --primary-is-down"

// promotes says why the role is not taken from here without the other server: it is
// done on a secondary alone, whose primary is not heard.
func promotes(w way, as sight) string {
	switch {
	case w.to == "":
		return promoteLine + ", typed on the secondary, if the primary is dead"
	case w.to != as.here:
		return promoteLine + ", typed on " + w.to + ", if " + w.from + " is dead"
	case !silent(w, as):
		return w.from + " is heard: S; if it is half dead: " + promoteLine
	}
	return ""
}

// silent reports whether this is a secondary whose primary is not heard, or whose
// twind does not run there.
func silent(w way, as sight) bool {
	for _, s := range as.sides {
		if s.name == w.from && w.to == as.here && !s.here && !as.primary {
			return !s.fresh() || !s.doc.Running
		}
	}
	return false
}
