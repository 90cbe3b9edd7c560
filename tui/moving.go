package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// A Mover tells of moves of the role.
type Mover interface {
	// Moves returns the last moves, the last one first, without their journals.
	Moves(ctx context.Context) ([]node.Runbook, error)
	// Move returns one by its id, with its journal, and what its step at work
	// waits for, if this server goes through it. The id "" is the one that is open,
	// or else the last. node.ErrNoRunbook.
	Move(ctx context.Context, id string) (b node.Runbook, waits string, err error)
}

// moving is what was looked at.
type moving struct {
	book  node.Runbook   // zero: there is none
	waits string         // what its step at work waits for; "": not known here
	past  []node.Runbook // without journals
}

// What else the knob "see" of the screen can be at.
const (
	seeMoves  = "moves"
	seeChecks = "checks"
)

// movePace is how often a move that goes on is looked at: all of it may take a
// second, and the one that somebody begins here must not be missed.
const movePace = 400 * time.Millisecond

func moveScreen() screen {
	return of(screen{tab: "8", name: "Switch", about: "switch-over: who has the role, and moving it"}, lookAtMove, showMoving)
}

func lookAtMove(ctx context.Context, from Sources, at place) (m moving, err error) {
	id := ""
	if at.knobs["see"] == seeMoves {
		if id = at.leaf(); id == "" {
			m.past, err = from.Moves.Moves(ctx)
			return m, err
		}
	}
	m.book, m.waits, err = from.Moves.Move(ctx, id)
	if errors.Is(err, node.ErrNoRunbook) && id == "" {
		err = nil
	}
	return m, err
}

func showMoving(m moving, as sight) page {
	as.sides, as.own = m.since(as), m.believed(as)
	see, leaf := as.at.knobs["see"], as.at.leaf()
	switch {
	case see == seeMoves && leaf != "":
		return showMoved(m, as)
	case see == seeMoves:
		return showMoves(m.past)
	case see == seeChecks && leaf != "":
		return showCheck(as)
	case see == seeChecks:
		return showChecks(as)
	case leaf != "":
		return showStep(m, as)
	}
	return showRole(m, as)
}

// A phase is how a move stands.
type phase int

const (
	noMove  phase = iota // none is open
	going                // somebody goes through it
	undoing              // a step has failed: it is being undone, or halts
	halted               // nobody goes through it
)

func (m moving) phase(as sight) phase {
	switch {
	case m.book.State != node.RunbookOpen:
		return noMove
	case m.book.Stale(record.At(as.now)), foreign(m.book.Runner) == as.here && as.own != nil && !as.own.Running:
		return halted
	}
	for _, n := range slices.Backward(m.book.Notes) {
		switch n.State {
		case node.NoteFailed, node.NoteUndone:
			return undoing
		case node.NoteBegun, node.NoteDone, node.NoteSkipped:
			return going
		case node.NoteTold:
		}
	}
	return going
}

// since returns the sides as they are since the last move: both were read back
// then, and who tells of itself without having seen that epoch told so before.
func (m moving) since(as sight) []side {
	r, _ := switchover.ResultOf(m.book)
	if r.Outcome != switchover.OutcomeDone || m.book.Intent == node.IntentPromote { // of that one alone reads itself back
		return as.sides
	}
	all := slices.Clone(as.sides)
	for i, s := range all {
		if s.doc == nil || s.doc.Epoch >= r.Epoch {
			continue
		}
		d, at := *s.doc, node.Moment(r.CutOver)
		d.Role, d.Epoch, d.Since = node.Secondary, r.Epoch, at.Time()
		if s.name == foreign(r.Primary) {
			d.Role, d.OwnsFrom, d.OwnsUntil = node.Primary, &at, nil
		} else if d.OwnsFrom != nil {
			d.OwnsUntil = &at
		}
		all[i].doc = &d
	}
	return all
}

// believed returns what this server says of itself without a verdict that is older
// than the end of the last move: it was about a role that was being moved.
func (m moving) believed(as sight) *node.Document {
	if as.own == nil || m.book.ID == "" || m.book.State == node.RunbookOpen {
		return as.own
	}
	d := *as.own
	d.Ready = d.Ready.Since(m.book.Ended, as.now)
	return &d
}

// lately is for how long it is shown how the steps of the last move went.
const lately = 5 * time.Minute

// recent reports whether the last move has ended lately.
func (m moving) recent(now time.Time) bool {
	return m.book.ID != "" && m.book.State != node.RunbookOpen && now.Sub(m.book.Ended.Time()) < lately
}

// A way is who has the role, who would get it, and where it was at first; names
// are inert, and "" where they are not known.
type way struct{ from, to, home string }

func (s sight) way() way {
	var w way
	for _, one := range s.sides {
		if one.doc == nil || one.doc.Role != node.Primary || w.from != "" && !one.here {
			continue
		}
		w.from, w.home = one.name, ""
		if one.doc.Epoch%2 == 1 { // init made it primary
			w.home = one.name
		}
	}
	for _, one := range s.sides {
		if w.from != "" && one.name != w.from {
			w.to = one.name
		}
	}
	if w.from != "" && w.home == "" {
		w.home = w.to
	}
	return w
}

// showRole shows who has the role, whether it could be moved, and the steps of
// that; of a move that is open, how far it is.
func showRole(m moving, as sight) page {
	t := stepTable(m, as)
	t.opens, t.uncounted = true, true
	p := page{title: "steps", table: &t, pace: movePace, above: roleSides(as)}
	p.acts = func(string) []act { return moveActs(m, as) }
	p.below = func(row string) []line { return aboutStep(stepRows(m, as), row, as.width) }
	if is := m.phase(as); is == noMove {
		if m.recent(as.now) {
			p.title, p.seek = "steps, as they went", m.atWork()
		}
		p.above = append(p.above, readyLines(m, as)...)
	} else {
		p.above = append(p.above, openLines(m, is, as)...)
		p.seek = m.atWork()
	}
	return p
}

// atWork returns the step that was noted last.
func (m moving) atWork() string {
	for _, n := range slices.Backward(m.book.Notes) {
		if n.State != node.NoteTold {
			return n.Step
		}
	}
	return ""
}

// waiting returns what the step at work waits for; "" if that is not known.
func (m moving) waiting() string {
	step, text, _ := strings.Cut(m.waits, ": ")
	for _, s := range stepsOf(m.book) {
		if s.Name == step && step == m.atWork() && text != s.What {
			return text
		}
	}
	return ""
}

// roleSides is both servers side by side: who has the role since when, and
// which slots are whose.
func roleSides(as sight) []line {
	g := newGrid(as.width, as.sides)
	return []line{
		g.row(piece{"", quiet}, noSign(), roleOf),
		g.row(piece{"since", quiet}, noSign(), func(s side) line {
			if s.doc == nil || s.doc.Since.IsZero() {
				return line{{"?", warn}}
			}
			return line{{moment(s.doc.Since) + ", for " + length(as.now.Sub(s.doc.Since)), usual}}
		}),
		g.row(piece{"slots", quiet}, noSign(), slotsOf),
	}
}

// roleOf says who a server is.
func roleOf(s side) line {
	l := line{{s.name, strong}}
	if s.doc == nil {
		return append(l, piece{"  ? its role is not known", warn})
	}
	role, epoch := strings.ToUpper(foreign(string(s.doc.Role))), ", seen epoch "+count(s.doc.Epoch)
	if s.doc.Role == node.Primary {
		epoch = ", epoch " + count(s.doc.Epoch)
	}
	if !s.fresh() {
		return append(l, piece{"  ? " + role + " " + age(s.told) + " ago" + epoch, warn})
	}
	return append(l, piece{"  " + role, strong}, piece{epoch, usual})
}

// slotsOf says which slots of what only a primary runs are a server's own.
func slotsOf(s side) line {
	switch {
	case s.doc == nil:
		return line{{"?", warn}}
	case s.doc.OwnsFrom == nil && s.doc.Role == node.Primary:
		return line{{"? not told", warn}} // by an older version
	case s.doc.OwnsFrom == nil:
		return line{{"none", quiet}}
	case s.doc.OwnsUntil != nil:
		return line{{"none after " + moment(s.doc.OwnsUntil.Time()), quiet}}
	}
	return line{{"all after " + moment(s.doc.OwnsFrom.Time()), usual}}
}
