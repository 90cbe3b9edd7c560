package tui

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// aboveRole is how many lines stand over the steps beside what is wrong: both
// servers, the verdict and the title.
const aboveRole = 5

// readyLines say whether the role could be moved now, what keeps it, with what
// to do about that, and how the last move went.
func readyLines(m moving, as sight) []line {
	if as.looked.IsZero() {
		return nil
	}
	lines := append([]line{readyVerdict(as)}, deadLines(as)...)
	last, recent := lastLines(m, as), m.recent(as.now)
	if recent {
		lines = append(lines, last...)
	}
	room := as.height/2 - aboveRole - len(lines) + 1
	var all []node.ReadyCheck
	if !as.own.Ready.Unknown() { // that is in the verdict
		all = wrongs(as.own.Ready)
	}
	for i, c := range all {
		told := checkLines(c, as.width)
		if left := len(all) - i; room < len(told) || left > 1 && room < len(told)+1 {
			return append(lines, line{{"   and " + count(int64(left)) + " more: v shows all", warn}})
		}
		lines, room = append(lines, told...), room-len(told)
	}
	if !recent && room >= len(last) {
		lines = append(lines, last...)
	}
	return lines
}

// wrongs are the checks of a readiness, or what else is said in their stead.
func wrongs(r node.Readiness) []node.ReadyCheck {
	all := r.Checks
	if len(all) > 0 || r.Switchover {
		return all
	}
	for _, why := range r.Because {
		all = append(all, node.ReadyCheck{Level: "blocker", Compared: why})
	}
	return all
}

// deadLines say what there is to do if the primary is dead; none where it is heard,
// or where this server is primary, whatever the other said of itself before. What is
// to be typed is never cut off where there is a line for it.
func deadLines(as sight) []line {
	for _, s := range as.sides {
		if as.primary || s.doc == nil || s.doc.Role != node.Primary || s.here || s.fresh() && s.doc.Running {
			continue
		}
		said, typed := piece{"   if " + s.name + " is dead, and not only out of reach: ", usual}, piece{promoteLine, strong}
		if one := (line{said, typed}); one.columns() <= as.width {
			return []line{one}
		}
		return []line{{said}, {{"   ", usual}, typed}}
	}
	return nil
}

// readyVerdict says it in a line.
func readyVerdict(as sight) line {
	r, w := as.own.Ready, as.way()
	l := line{{" + READY TO SWITCH OVER", good}}
	switch {
	case len(as.sides) < 2:
		return line{{" - no twin is paired: there is nobody to give the role to", usual}}
	case !as.own.Running:
		return line{{" ? twind does not run here: from here the role cannot be moved", warn}}
	case r.Unknown():
		l = line{{" ? whether the role can be moved is looked at", warn}}
	case !r.Switchover:
		l = line{{" x NOT READY TO SWITCH OVER", bad}}
	case len(r.Checks) > 0:
		l = line{{" ! READY TO SWITCH OVER, " + counted(len(r.Checks), "warning"), warn}}
	}
	if w.to != "" && !r.Unknown() {
		l = append(l, piece{"; ready to promote " + w.to + ": " + yesNo(r.Promote), usual})
	}
	if r.At != nil {
		l = append(l, piece{"; as of " + age(as.now.Sub(r.At.Time())) + " ago", quiet})
	}
	return l
}

// checkLines is a check with what to do about it behind it, or below it.
func checkLines(c node.ReadyCheck, width int) []line {
	sign := piece{" x ", bad}
	if c.Level != "blocker" {
		sign = piece{" ! ", warn}
	}
	text := c.Name + ": " + c.Compared
	if c.Name == "" {
		text = c.Compared
	}
	if c.Side != "" {
		text = c.Side + ": " + text
	}
	said, next := line{sign, {foreign(text), usual}}, line{{"   next: ", quiet}, {foreign(c.Fix), strong}}
	switch {
	case c.Fix == "":
		return []line{said}
	case said.columns()+next.columns() <= width:
		return []line{append(said, next...)}
	}
	return []line{said, next}
}

// lastLines say how the last move went; none if there was none.
func lastLines(m moving, as sight) []line {
	if m.book.ID == "" {
		return nil
	}
	const most = 2
	sign := moveSign(m.book, as.now)
	text := sign.text[:2] + agoOf(m.book.Ended, as.now) + ": " + switchover.BookLine(m.book, record.At(as.now))
	label := " last: "
	var lines []line
	for _, part := range wrap(text, as.width-len(label)-1) {
		if len(lines) < most {
			lines = append(lines, line{{label, quiet}, {part, sign.tone}})
		}
		label = strings.Repeat(" ", len(label))
	}
	return lines
}

// agoOf says how long ago it was.
func agoOf(at record.Instant, now time.Time) string { return age(now.Sub(at.Time())) + " ago" }

// openLines say how far a move is, and what can be done about it.
func openLines(m moving, is phase, as sight) []line {
	b := m.book
	what := switchover.IntentWord(b.Intent) + " " + foreign(b.Giver) + " -> " + foreign(b.Taker)
	by := ", begun by " + foreign(b.Actor) + " " + agoOf(b.Started, as.now)
	if b.Reason != "" {
		by += ": " + foreign(b.Reason)
	}
	var lines []line
	say := func(text string, in tone) { lines = append(lines, warning(text, as.width, in)...) }
	switch is {
	case going, noMove:
		lines = append(lines, line{{" > GOING ON: " + what, strong}, {by, usual}})
		text := "the twind of " + foreign(b.Runner) + " is at " + foreign(m.atWork())
		if waits := m.waiting(); waits != "" {
			text += ": " + foreign(waits)
		}
		say(text, usual)
		say("A ends it, "+m.undone()+"; leaving the screen does not", usual)
	case undoing:
		lines = append(lines, line{{" ! UNDOING: " + what, warn}, {by, usual}})
		say(m.failure(), warn)
		say("if that does not come to its end, R goes on with it", usual)
	case halted:
		lines = append(lines, line{{" x HALTED at " + foreign(m.atWork()) + ": " + what, bad}, {by, usual}})
		say(m.failure(), bad)
		switch why := unable(as); {
		case why != "":
			say("next: "+why, strong)
		case b.Intent == node.IntentPromote:
			say("next, on either server: A ends it, "+m.undone()+"; if the role was not taken: "+promoteLine, strong)
		default:
			say("next, on either server: R goes on with it, A ends it, "+m.undone(), strong)
		}
	}
	return lines[:min(len(lines), max(1, as.height/2-aboveRole+1))]
}

// failure is what went wrong last.
func (m moving) failure() string {
	for _, n := range slices.Backward(m.book.Notes) {
		if n.State == node.NoteFailed {
			return n.Step + ": " + n.Text
		}
	}
	return "the twind of " + m.book.Runner + ", which went through it, gives no sign of life since " + moment(m.book.Beat.Time())
}

// undone says what becomes of the role when the move is ended now.
func (m moving) undone() string {
	done := map[string]bool{}
	for _, t := range switchover.Durations(m.book.Notes) {
		done[t.Name] = t.State == node.NoteDone
	}
	switch {
	case done["promote"], m.book.Intent == node.IntentPromote:
		return "as it stands"
	case done["demote"]:
		return "and " + foreign(m.book.Giver) + " has the role again"
	}
	return "and " + foreign(m.book.Giver) + " stays primary"
}

// moveSign says in a sign and a word how a move stands.
func moveSign(b node.Runbook, now time.Time) piece {
	text := word(switchover.StateWord(b, record.At(now)))
	switch {
	case b.State == node.RunbookDone:
		return piece{"+ " + text, good}
	case b.State == node.RunbookOpen && text == "halted":
		return piece{"x " + text, bad}
	case b.State == node.RunbookOpen:
		return piece{"> " + text, strong}
	case b.State == node.RunbookRolledBack:
		return piece{"! " + text, warn}
	}
	return piece{"x " + text, bad}
}
