package tui

import (
	"cmp"

	"github.com/twinctl/twin/collector/node"
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
	end := ""
	if is == noMove {
		m.book, end = node.Runbook{Giver: w.from}, "no move of the role is open"
	}
	return []act{
		{
			key: "S", name: "make " + to + " primary", args: []string{"switchover", "--to=" + to}, plan: []string{"switchover", "--dry-run", "--to=" + to},
			asks: []question{reason, running}, rung: afterPlan, last: true, off: begins(is, w, as),
		},
		{key: "R", name: "go on with it", args: []string{"switchover", "--resume"}, rung: afterYes, off: cmp.Or(unable(as), back)},
		{key: "A", name: "end it", says: "it ends, " + m.undone(), args: []string{"switchover", "--abort"}, rung: afterYes, over: true, off: cmp.Or(unable(as), end)},
		{
			key: "B", name: "fail back", args: []string{"switchover", "--failback"}, plan: []string{"switchover", "--failback", "--dry-run"},
			asks: []question{reason}, rung: afterPlan, last: true, off: cmp.Or(begins(is, w, as), homely(w)),
		},
		{
			key: "E", name: "rehearse", says: "the role goes over to " + to + ", and back", args: []string{"switchover", "drill"}, plan: []string{"switchover", "--dry-run"},
			asks: []question{reason}, rung: afterPlan, last: true, off: begins(is, w, as),
		},
		{key: "c", name: "check again", args: []string{"ready"}, shows: true},
		{key: "n", name: "dry run", args: []string{"switchover", "--dry-run"}, shows: true},
		{key: "v", name: "all checks", turn: func(browse) browse { return newBrowse().turn("see", seeChecks) }},
		{key: "h", name: "history", turn: func(browse) browse { return newBrowse().turn("see", seeMoves) }},
		{key: "P", name: "promote, if " + from + " is down", off: promoteWords(w, as)},
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
	switch is {
	case going, undoing:
		return "the role is being moved: A ends that"
	case halted:
		return "a move has halted part-way: R goes on with it, A ends it"
	case noMove:
	}
	if w.to == "" {
		return "who has the role is not known: twinctl pair check"
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

// promoteLine is what is typed where the primary is down.
const promoteLine = "twinctl promote --primary-is-down"

// promoteWords name what is typed where the primary is down. It is not done by
// a key: without proof the name of a dead server must be typed, and that is the
// one way to have two primaries.
func promoteWords(w way, as sight) string {
	switch {
	case w.to == "":
		return promoteLine + ", typed on the secondary, if the primary is dead"
	case w.to == as.here:
		return promoteLine + ", typed here, if " + w.from + " is dead: it wants words"
	}
	return promoteLine + ", typed on " + w.to + ", if " + w.from + " is dead"
}
