package tui

import (
	"slices"
	"strings"
)

// headName is how much of a server's name line 1 shows.
const headName = 16

// title is line 1: who the two are, where we are, and how the pair is.
func (f frame) title() line {
	l := line{{" ", usual}}
	if f.frozen {
		l = append(l, piece{"FROZEN", warn}, piece{" | ", quiet})
	}
	if f.looks != "" {
		l = append(l, piece{"LOOKING ONLY", strong}, piece{" | ", quiet})
	}
	if !f.known() {
		return append(l, piece{"twin", strong})
	}
	for i, s := range f.sides() {
		if i > 0 {
			l = append(l, piece{" | ", quiet})
		}
		l = append(l, headSide(s)...)
	}
	l = append(l, f.headStates(f.width-l.columns())...)
	clock := f.Now.UTC().Format(clockLayout)
	for _, text := range []string{clock, clock[len("2006-01-02 "):], f.Now.UTC().Format("15:04:05Z")} {
		if room := f.width - l.columns() - 1; room > wide(text) {
			return append(l, piece{right(text, room), quiet})
		}
	}
	return l
}

// headStates is how the pair is, in a word each. Where there is no room for
// all, those go first that matter least.
func (f frame) headStates(room int) line {
	link, sync, ready, alarms := f.headLink(), f.headSync(), f.headReady(), f.headAlarms()
	for _, shown := range [][]piece{{link, sync, ready, alarms}, {link, ready, alarms}, {link, alarms}, {link}} {
		var l line
		for _, part := range shown {
			if part.text != "" {
				l = append(l, piece{" | ", quiet}, part)
			}
		}
		if l.columns() <= room {
			return l
		}
	}
	return nil
}

func headSide(s side) line {
	l := line{{shorten(s.name, headName), strong}}
	if s.here {
		l = append(l, piece{" (here)", quiet})
	}
	switch {
	case s.doc != nil && s.fresh():
		l = append(l, piece{" " + strings.ToUpper(foreign(string(s.doc.Role))), usual})
	case s.doc != nil:
		l = append(l, piece{" " + strings.ToUpper(foreign(string(s.doc.Role))) + "?", quiet})
	case s.link.Role != nil:
		l = append(l, piece{" " + strings.ToUpper(foreign(string(*s.link.Role))) + "?", quiet})
	}
	if s.here && s.doc.Role == "secondary" {
		l = append(l, piece{" read-only", warn})
	}
	if s.here && !s.doc.Running || s.asleep() {
		l = append(l, piece{" x no twind", bad})
	}
	return l
}

// headLink is how the session to the twin is, in a word.
func (f frame) headLink() piece {
	if len(f.sides()) == 1 {
		return piece{"alone", quiet}
	}
	switch state := f.link().State; state {
	case "ok":
		return piece{"link ok", usual}
	case "unknown", "":
		return piece{"link ?", warn}
	default:
		return piece{"x " + word(state), bad}
	}
}

// headSync is what the twin has of the administration data.
func (f frame) headSync() piece {
	s := f.Own.Sync
	switch {
	case s == nil:
		return piece{}
	case s.State == "in_sync":
		return piece{"in sync", usual}
	case s.Pending > 0:
		return piece{count(s.Pending) + " to sync", warn}
	default:
		return piece{foreign(s.Word), warn}
	}
}

// headAlarms is how many alarms there are on both.
func (f frame) headAlarms() piece {
	n, as := 0, warn
	for _, s := range f.sides() {
		if s.doc == nil || !s.fresh() {
			continue
		}
		for _, a := range s.doc.Alarms {
			n++
			if gradeOf(a) == trouble {
				as = bad
			}
		}
	}
	switch {
	case n == 0:
		return piece{}
	case n == 1:
		return piece{"! 1 alarm", as}
	}
	return piece{"! " + count(int64(n)) + " alarms", as}
}

// tabs is line 2: the screens and their keys. Screens that share a key stand
// behind one another, the one that is seen in its place.
func (f frame) tabs() line {
	var l line
	for i, s := range f.screens {
		if i > 0 && f.screens[i-1].tab == s.tab {
			continue
		}
		name, as := s.name, quiet
		if f.screen().tab == s.tab {
			name, as = f.screen().name, picked
		}
		if f.shares(s.tab) {
			name += "+"
		}
		l = append(l, piece{" ", usual}, piece{s.tab + " " + name, as})
	}
	return l
}

// shares reports whether more than one screen has the tab.
func (f frame) shares(tab string) bool {
	n := 0
	for _, s := range f.screens {
		if s.tab == tab {
			n++
		}
	}
	return n > 1
}

// said is the message line.
func (f frame) said() line {
	switch {
	case f.filter != nil:
		const prompt = " / "
		return append(line{{prompt, strong}}, f.filter.draw(f.width-len(prompt))...)
	case f.message.text != "":
		return line{{" " + foreign(f.message.text), f.message.tone}}
	case f.job != nil && !f.job.ended && !f.showJob:
		return line{{" ", usual}, f.job.told(f.Now), {": " + foreign(typed(f.job.args, "")) + "   (O shows it)", usual}}
	}
	if age := f.Now.Sub(f.Looked); f.known() && age > slow && !f.frozen {
		return line{{" ! this picture is " + length(age) + " old", warn}}
	}
	return nil
}

// hints is the last line: what can be pressed.
func (f frame) hints() line {
	l := line{{" ", usual}}
	rest := f.restHints()
	room := f.width - rest.columns() - 1
	as := f.sight()
	for _, a := range doable(f.hinted(), as) {
		part := line{{keyName(a.key), strong}, {" " + a.name + "  ", usual}}
		if a.why(as) != "" {
			part = line{{"(" + keyName(a.key) + " " + a.name + ")  ", quiet}}
		}
		if n := part.columns(); n <= room {
			l, room = append(l, part...), room-n
		}
	}
	return append(l, rest...)
}

// keyName is how a key is called.
func keyName(key string) string {
	if key == " " {
		return "space"
	}
	return key
}

// hinted is what can be done with what is seen.
func (f frame) hinted() []act {
	switch {
	case f.leaving, f.asking != nil, f.palette != nil, f.filter != nil, f.signs:
		return nil
	case f.form != nil:
		return f.form.hints()
	case f.writing != nil:
		return f.writing.hints()
	case f.showJob:
		return f.jobHints()
	}
	if f.screen().show == nil {
		return f.pairHints()
	}
	return f.acts()
}

// doable returns acts with those first that can be done now, and before them
// the one that a draft waits for.
func doable(all []act, as sight) []act {
	var awaited, first, last []act
	for _, a := range all {
		switch {
		case a.why(as) != "":
			last = append(last, a)
		case a.draft:
			awaited = append(awaited, a)
		default:
			first = append(first, a)
		}
	}
	return slices.Concat(awaited, first, last)
}

func (f frame) jobHints() []act {
	all := []act{{key: "j k", name: "scroll"}}
	if f.job != nil && !f.job.ended {
		all = append(all, act{key: "X", name: "interrupt it"})
	}
	return all
}

// pairHints are the keys of the first screen.
func (f frame) pairHints() []act {
	p := f.plan(f.width, f.bodyHeight())
	var all []act
	if f.headReady().tone == warn {
		all = append(all, act{key: "8", name: "why not ready"})
	}
	if f.headAlarms().text != "" {
		all = append(all, act{key: "!", name: "alarms"})
	}
	if waitsToBeSent(f.Own.Sync) {
		all = append(all, act{key: "7", name: "what waits to be sent"})
	}
	if p.focus < 0 {
		return all
	}
	all = append(all, act{key: "j k", name: "scroll"})
	if p.scrolls(p.focus+1) != p.focus {
		all = append(all, act{key: "tab", name: "next list"})
	}
	return all
}

// restHints are the keys that are always there.
func (f frame) restHints() line {
	part := func(key, name string) line { return line{{key, strong}, {" " + name + "  ", usual}} }
	switch {
	case f.leaving:
		l := append(part("q", "leave all the same"), part("esc", "stay")...)
		if f.unsent() > 0 {
			l = append(part("s", "sync"), l...)
		}
		return l
	case f.asking != nil:
		return part("esc", "do not do it")
	case f.filter != nil:
		return append(part("enter", "keep it"), part("esc", "no filter")...)
	case f.palette != nil:
		return append(part("enter", "do it"), part("esc", "back")...)
	case f.form != nil, f.writing != nil, f.signs, f.showJob:
		return part("esc", "back")
	}
	var l line
	if p, _ := f.page(); f.screen().show != nil {
		if p.leads != nil {
			l = append(l, part("enter", "where it belongs")...)
		} else if p.table != nil && p.table.opens {
			l = append(l, part("enter", "open")...)
		}
		if p.table != nil {
			l = append(l, part("/", "filter")...)
		}
		if len(f.browse().path) > 0 || f.browse().aside() {
			l = append(l, part("esc", "back")...)
		}
	}
	return append(append(l, part("?", "keys")...), part("q", "leave")...)
}

// leave is asked before somebody goes and leaves something behind.
func (f frame) leave() []line {
	lines := []line{nil}
	for _, text := range f.behind() {
		lines = append(lines, warning(text, f.width, warn)...)
	}
	text := " q leaves all the same, esc stays."
	if f.unsent() > 0 {
		text = " s goes to Sync, q leaves all the same, esc stays."
	}
	return append(lines, nil, line{{text, strong}})
}

// behind is what somebody who leaves now leaves behind.
func (f frame) behind() []string {
	var all []string
	if f.job != nil && !f.job.ended {
		all = append(all, typed(f.job.args, "")+" is still running here: leaving interrupts it")
	}
	if f.form != nil && f.form.changed() {
		all = append(all, "what was typed into the form is not saved")
	}
	if n := len(f.draft); n > 0 {
		all = append(all, counted(n, "change")+" of the draft "+isAre(n)+" not applied")
	}
	if n := f.unsent(); n > 0 {
		all = append(all, counted(n, "change")+" "+isAre(n)+" not on "+f.twinName()+" yet: s to sync")
	}
	return all
}

// unsent is how many changes of this primary its twin has not got.
func (f frame) unsent() int {
	if s := f.Own.Sync; s != nil && f.Own.Role == "primary" {
		return int(s.Pending)
	}
	return 0
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(int64(n)) + " " + what + "s"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
