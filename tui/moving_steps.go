package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// returnRow is the key of the point of no return among the steps.
const returnRow = "the point of no return"

// stepsOf is what a move is made of.
func stepsOf(b node.Runbook) []switchover.Step {
	if b.Intent == node.IntentPromote {
		return switchover.PromoteSteps()
	}
	return switchover.Steps()
}

// A stepRow is a step, and what the journal has of it.
type stepRow struct {
	switchover.Step
	ruled bool           // it is no step, but the point of no return
	state node.NoteState // "": nothing is noted of it
	still bool           // nobody goes through the move: what was begun stands still
	took  time.Duration
	said  string
}

func (r stepRow) key() string {
	if r.ruled {
		return returnRow
	}
	return r.Name
}

// stepRows are the steps of a move that is open, or was lately; when none is,
// those that the next one would have.
func stepRows(m moving, as sight) []stepRow {
	is := m.phase(as)
	if is == noMove && !m.recent(as.now) {
		m.book = node.Runbook{}
	}
	return journalRows(m, is, as.now)
}

// journalRows are the steps of a move with what its journal has of them.
func journalRows(m moving, is phase, now time.Time) []stepRow {
	b := m.book
	all := map[string]switchover.Took{}
	for _, t := range switchover.Durations(b.Notes) {
		all[t.Name] = t
	}
	begun, told := map[string]time.Time{}, map[string]string{}
	for _, n := range b.Notes {
		switch n.State {
		case node.NoteBegun:
			begun[n.Step] = n.At.Time()
			delete(told, n.Step)
		case node.NoteTold:
			told[n.Step] = n.Text
		case node.NoteDone, node.NoteSkipped, node.NoteFailed, node.NoteUndone:
		}
	}
	var rows []stepRow
	for _, s := range stepsOf(b) {
		t := all[s.Name]
		r := stepRow{Step: s, state: t.State, said: t.Text, still: is != going, took: time.Duration(t.TookMS * float64(time.Millisecond))}
		if r.said == "" {
			r.said = told[s.Name]
		}
		if r.state == "" && b.State == node.RunbookDone {
			r.said = "there was nothing left to do"
		}
		if r.state == node.NoteBegun {
			if is == going {
				r.took = max(0, now.Sub(begun[s.Name]))
			}
			r.said = cmp.Or(m.waiting(), r.said)
		}
		rows = append(rows, r)
		if s.Return {
			rows = append(rows, stepRow{ruled: true})
		}
	}
	return rows
}

func (r stepRow) sign() piece {
	switch r.state {
	case node.NoteBegun:
		if r.still {
			return piece{"! begun", warn}
		}
		return piece{"> at work", strong}
	case node.NoteDone:
		return piece{"+ done", good}
	case node.NoteSkipped:
		return piece{"- skipped", quiet}
	case node.NoteFailed:
		return piece{"x failed", bad}
	case node.NoteUndone:
		return piece{"! undone", warn}
	case node.NoteTold:
	}
	return piece{}
}

// lasting says how long a step took, or has been at work.
func (r stepRow) lasting() string {
	switch {
	case r.state == "":
		return ""
	case r.took < time.Second:
		return fmt.Sprintf("%d ms", r.took.Milliseconds())
	case r.took < time.Minute:
		return fmt.Sprintf("%.1f s", r.took.Seconds())
	}
	return length(r.took)
}

func stepTable(m moving, as sight) table {
	return tableOf(stepRows(m, as), []field{{title: ""}, {title: "step"}, {title: "what is done"}, {title: "took", right: true}},
		stepRow.key, func(r stepRow, _ sight) []piece {
			if r.ruled {
				return []piece{{"---------", warn}, {"--------", warn}, {"POINT OF NO RETURN: what fails below is finished, not undone", warn}, {"", usual}}
			}
			what := piece{r.What, usual}
			if r.said != "" {
				what = piece{r.said, strong}
			}
			return []piece{r.sign(), {r.Name, strong}, what, {r.lasting(), usual}}
		})
}

// aboutLines is how many lines are said of the step that is chosen.
const aboutLines = 2

// aboutStep says why the step of that key is there.
func aboutStep(rows []stepRow, key string, width int) []line {
	text := ""
	for _, r := range rows {
		if r.key() == key {
			text = r.about()
		}
	}
	lines := make([]line, aboutLines)
	label := " why: "
	room := width - len(label) - 1
	parts := wrap(text, room)
	if len(parts) > aboutLines {
		parts[aboutLines-1] = cut(parts[aboutLines-1]+" "+parts[aboutLines], room)
	}
	for i, part := range parts[:min(len(parts), aboutLines)] {
		lines[i] = line{{label, quiet}, {part, usual}}
		label = strings.Repeat(" ", len(label))
	}
	return lines
}

func (r stepRow) about() string {
	if r.ruled {
		return "A move that fails after it halts, if it cannot be finished: R goes on with it, and A gives the role back as long as the other server has not taken it."
	}
	text := r.Why
	if limit := r.atMost(); limit != "" {
		text += "; at most " + limit
	}
	if r.Waits != "" {
		text += "; waits for " + r.Waits
	}
	if r.Undo != "" {
		text += "; undone: " + r.Undo
	}
	return text
}

// atMost says until when the step has failed; "" if it says that itself.
func (r stepRow) atMost() string {
	limit := r.Limit
	if r.Name == "wait" {
		limit = switchover.DrainFor // unless somebody said otherwise
	}
	if limit == 0 {
		return ""
	}
	return length(limit)
}

// showStep shows one, and all that was noted of it.
func showStep(m moving, as sight) page {
	p := page{title: "step", of: as.at.leaf(), pace: movePace, acts: func(string) []act { return moveActs(m, as) }}
	for _, r := range stepRows(m, as) {
		if r.key() != as.at.leaf() {
			continue
		}
		if r.ruled {
			p.title, p.of = returnRow, ""
			p.text = wrapped([]string{r.about()}, as.width)
			continue
		}
		p.text = append(p.text, stepText(r, as.width)...)
		p.text = append(p.text, nil, line{{" JOURNAL", strong}})
		if r.state == "" {
			p.text = append(p.text, line{{" nothing is noted of it", quiet}})
			continue
		}
		for _, n := range m.book.Notes {
			if n.Step == r.Name {
				p.text = append(p.text, noteLines(n, as.width)...)
			}
		}
	}
	return p
}

func stepText(r stepRow, width int) []line {
	changes := "nothing: it only looks"
	if r.Changes {
		changes = "something on a server: both have noted it before that is done"
	}
	var text []line
	for _, f := range []struct{ name, text string }{
		{"what", r.What}, {"why", r.Why}, {"waits for", r.Waits}, {"at most", r.atMost()}, {"undone", r.Undo}, {"changes", changes},
	} {
		if f.text != "" {
			text = append(text, labelled(f.name, f.text, usual, width)...)
		}
	}
	return text
}

// noteLines is a line of the journal.
func noteLines(n node.RunbookNote, width int) []line {
	at := n.At.Time().Format("15:04:05.000")
	var lines []line
	for i, part := range wrap(foreign(strings.TrimSpace(n.Text)), max(1, width-len(at)-12)) {
		begin := line{{" " + at + " ", quiet}, {left(string(n.State), 8) + " ", strong}}
		if i > 0 {
			begin = line{{strings.Repeat(" ", len(at)+11), usual}}
		}
		lines = append(lines, append(begin, piece{part, usual}))
	}
	return lines
}
