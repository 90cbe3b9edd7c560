package tui

import (
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/node"
)

// standing is what else there is to be said of the two, of which as much is
// shown as there is room for: the sync between them, their timetables, backups and
// what comes in.
func (v view) standing(g grid) []line {
	standing := []line{
		g.row(piece{"timetables", quiet}, noSign(), asTold(v.arming)), g.row(piece{"next runs", quiet}, noSign(), asTold(v.comings)),
		g.row(piece{"backup", quiet}, noSign(), asTold(v.backup)), v.recordsLine(g), g.row(piece{"interval", quiet}, g.between(intervalSign), asTold(interval)),
	}
	if slices.ContainsFunc(g.sides, func(s side) bool { return s.doc != nil && s.doc.People != nil }) {
		standing = append(standing, g.row(piece{"people", quiet}, noSign(), asTold(v.people)))
	}
	if len(g.sides) == 1 {
		return standing
	}
	var lines []line
	if s := v.Own.Sync; s != nil {
		sign := piece{"! ", warn}
		if s.State == "in_sync" {
			sign = piece{"+ ", good}
		}
		l := append(g.begin(piece{"sync", quiet}), sign, piece{word(s.Word), usual})
		if s.Pending > 0 {
			l = append(l, piece{", " + counted(int(s.Pending), "row") + " to send", usual})
		}
		if s.CheckedAt != nil {
			l = append(l, piece{", checked " + age(v.Now.Sub(s.CheckedAt.Time())) + " ago", usual})
		}
		lines = append(lines, l)
	}
	return append(lines, standing...)
}

// ready says at the bottom whether the role could be moved, and why not.
func (v view) ready() line {
	l := line{{" ", usual}}
	r := v.Own.Ready
	switch {
	case !v.Own.Running:
		return append(l, piece{"? whether it could be moved is not known: twind does not run here", warn})
	case r.Unknown():
		return append(l, piece{"? whether it could be moved is looked at", warn})
	case r.Switchover:
		return append(l, piece{"+ READY TO SWITCH OVER", good})
	}
	l = append(l, piece{"! NOT READY TO SWITCH OVER", warn})
	if n := len(r.Because); n > 1 {
		l = append(l, piece{", " + count(int64(n)) + " reasons", warn})
	}
	if r.Promote {
		l = append(l, piece{", ready to promote", usual})
	}
	if len(r.Because) > 0 {
		l = append(l, piece{": " + foreign(r.Because[0]), usual})
	}
	return l
}

// asTold marks what a server said that was not heard of lately.
func asTold(tell func(side) line) func(side) line {
	return func(s side) line {
		if s.doc == nil || s.fresh() {
			return tell(s)
		}
		l := tell(s).in(quiet)
		l[0].text = "? " + strings.TrimLeft(l[0].text, "+!-? ")
		return l
	}
}

// arming is how the timetables of a server stand.
func (v view) arming(s side) line {
	switch {
	case s.doc == nil:
		return line{{"? not known", warn}}
	case s.stands():
		return line{{"x no twind: nothing starts", bad}}
	case s.doc.Maintenance != nil:
		return line{{"! held: " + foreign(s.doc.Maintenance.Reason), warn}}
	case s.doc.Timetables == nil:
		return line{{"- none", quiet}}
	}
	t := s.doc.Timetables
	l := line{{"+ " + count(int64(t.Armed-t.Paused)) + " armed", usual}}
	switch {
	case t.Held > 0:
		l = line{{"! " + count(int64(t.Held)) + " held", warn}}
	case len(t.Failed) > 0:
		l = line{{"! " + count(int64(len(t.Failed))) + " failed, " + count(int64(t.Armed-t.Paused)) + " armed", warn}}
	}
	if t.Paused > 0 {
		l = append(l, piece{", " + count(int64(t.Paused)) + " paused", usual})
	}
	if len(t.Running) > 0 {
		l = append(l, piece{", running " + foreign(t.Running[0].Timetable), usual})
	}
	return l
}

// backup is the last backup of a server, and the last that was proven.
func (v view) backup(s side) line {
	if s.doc == nil {
		return line{{"? not known", warn}}
	}
	b := s.doc.Backups
	if b == nil || b.At == nil {
		return line{{"- none", quiet}}
	}
	ago := func(at *node.Moment) string { return age(v.Now.Sub(at.Time())) + " ago" }
	sign, l := piece{"+ ", good}, line{}
	if b.Failed != "" || !b.Apart {
		sign = piece{"! ", warn}
	}
	l = append(l, sign, piece{word(b.Kind) + " " + ago(b.At), usual})
	switch {
	case b.Failed != "":
		l = append(l, piece{", not proven", warn})
	case b.ProvenAt != nil:
		l = append(l, piece{", proven " + ago(b.ProvenAt), usual})
	}
	if !b.Apart {
		l = append(l, piece{", on this disk alone", warn})
	}
	return l
}

// headReady is whether the role could be moved, in a word.
func (v view) headReady() piece {
	switch {
	case len(v.sides()) == 1 || !v.Own.Running:
		return piece{}
	case v.Own.Ready.Switchover:
		return piece{"ready", usual}
	case v.Own.Ready.Unknown():
		return piece{"ready ?", usual}
	}
	return piece{"not ready", warn}
}
