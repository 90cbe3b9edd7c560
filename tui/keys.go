package tui

import "strings"

// A wish is what a key asks for that a picture cannot do itself.
type wish struct {
	quit    bool
	clear   bool     // draw all anew
	look    bool     // at what is seen now, at once
	run     []string // a twinctl line
	plan    []string // a twinctl line whose words are the plan of what is asked
	ripen   bool     // tell in a while whether the plan was left alone since
	copied  string   // to the clipboard of the terminal
	suspend bool
	mouse   bool // it was turned on or off
	halt    bool // interrupt the line that runs
	check   bool // whether what stands in the form can be
	save    bool // the draft
	fetch   bool // the rows that are to be written about, as a text
	edit    bool // start the editor on it
}

// A binding is a key and what it does, wherever somebody is.
type binding struct {
	keys []string // the first is shown
	name string
	does func(frame) (frame, wish)
}

// bindings are the keys that mean the same everywhere.
func bindings() []binding {
	scroll := func(by int) func(frame) (frame, wish) {
		return func(f frame) (frame, wish) { return f.scrolled(by), wish{} }
	}
	return []binding{
		{[]string{"?", ":"}, "all keys, and the twinctl lines that they are", frame.openPalette},
		{[]string{"enter"}, "open; never confirms anything", frame.enter},
		{[]string{"esc"}, "back", frame.escape},
		{[]string{"/"}, "filter: word, !not, column:word", frame.openFilter},
		{[]string{"j", "down"}, "down", scroll(1)},
		{[]string{"k", "up"}, "up", scroll(-1)},
		{[]string{"pgdown", "ctrl+f"}, "a page down", scroll(pageRows)},
		{[]string{"pgup"}, "a page up", scroll(-pageRows)},
		{[]string{"g", "home"}, "to the beginning", scroll(-everything)},
		{[]string{"G", "end"}, "to the end", scroll(everything)},
		{[]string{"tab"}, "the next list, or the next screen", func(f frame) (frame, wish) { return f.turned(1) }},
		{[]string{"shift+tab"}, "the one before", func(f frame) (frame, wish) { return f.turned(-1) }},
		{[]string{"r"}, "look again now", func(f frame) (frame, wish) { return f, wish{look: true} }},
		{[]string{"F"}, "freeze: nothing changes until it is pressed again", frame.freeze},
		{[]string{"O"}, "what the last twinctl line said", frame.openJob},
		{[]string{"t"}, "the next theme", func(f frame) (frame, wish) { f.themed++; return f, wish{clear: true} }},
		{[]string{"w"}, "signs and words", func(f frame) (frame, wish) { f.signs = true; return f, wish{} }},
		{[]string{"!"}, "what wants a person", func(f frame) (frame, wish) { return f.named("Alarms", "", "") }},
		{[]string{"y"}, "copy what is chosen, for the terminal to paste", frame.copy},
		{[]string{"ctrl+z"}, "suspend; fg comes back", frame.suspend},
		{[]string{"m"}, "the mouse on or off; off, the terminal marks text with it", frame.mice},
		{[]string{"ctrl+l"}, "draw all anew", func(f frame) (frame, wish) { return f, wish{clear: true} }},
		{[]string{"q"}, "leave; the servers go on", frame.quit},
	}
}

// suspend gives the terminal back to the shell, where there is one.
func (f frame) suspend() (frame, wish) {
	if f.apart {
		f.message = notice{"there is no shell here to come back from", usual}
		return f, wish{}
	}
	return f, wish{suspend: true}
}

// freeze stops what is seen, or lets it go on.
func (f frame) freeze() (frame, wish) {
	f.frozen = !f.frozen
	return f, wish{look: !f.frozen}
}

// copy copies the row that is chosen, as it stands there; or the line that ran
// last, where nothing is.
func (f frame) copy() (frame, wish) {
	p, ok := f.page()
	rows := f.rows(p)
	var text string
	switch {
	case ok && len(rows) > 0:
		text = strings.Join(texts(p.table.cells(rows[min(f.spot().index, len(rows)-1)], f.sight())), "\t")
	case f.screen().show == nil && f.command() != "":
		text = f.command()
	case f.job != nil:
		text = typed(f.job.args, f.flags)
	default:
		f.message = notice{"there is nothing to copy here", usual}
		return f, wish{}
	}
	f.message = notice{"copied: " + text, usual}
	return f, wish{copied: foreign(text)}
}

// mice turns the mouse on or off.
func (f frame) mice() (frame, wish) {
	f.mouseOn = !f.mouseOn
	f.message = notice{map[bool]string{true: "the mouse is on: m turns it off", false: "the mouse is off"}[f.mouseOn], usual}
	return f, wish{mouse: true}
}

// quit leaves, unless something would be left behind.
func (f frame) quit() (frame, wish) {
	if len(f.behind()) > 0 {
		f.leaving = true
		return f, wish{}
	}
	return f, wish{quit: true}
}

func (f frame) openFilter() (frame, wish) {
	if p, ok := f.page(); !ok || p.table == nil {
		f.message = notice{"there is no list to filter here", usual}
		return f, wish{}
	}
	e := newEntry(f.spot().filter)
	f.filter = &e
	return f, wish{}
}

func (f frame) openJob() (frame, wish) {
	if f.job == nil {
		f.message = notice{"no twinctl line was run yet", usual}
		return f, wish{}
	}
	f.showJob = true
	return f, wish{}
}

// enter opens the row that is chosen.
func (f frame) enter() (frame, wish) {
	p, ok := f.page()
	row := f.chosen(p)
	if ok && p.leads != nil && row != "" {
		return f.follow(p.leads(row))
	}
	if !ok || p.table == nil || !p.table.opens || row == "" {
		return f, wish{}
	}
	return f.moved(f.browse().open(row)).settled(), wish{look: true}
}

// escape goes back: out of what lies over the page, then out of the filter,
// then from what is marked, then up.
func (f frame) escape() (frame, wish) {
	s := f.spot()
	switch {
	case s.filter != "":
		s.filter = ""
		return f.moved(f.browse().at(s)).settled(), wish{}
	case len(s.marks) > 0:
		s.marks = nil
		f.version++
		f.message = notice{"no row is marked any more", usual}
		return f.moved(f.browse().at(s)).settled(), wish{}
	case len(f.browse().path) > 0:
		return f.moved(f.browse().back()).settled(), wish{look: true}
	case f.browse().aside():
		return f.moved(newBrowse()).settled(), wish{look: true}
	}
	return f, wish{}
}

// scrolled moves what is chosen, or the text.
func (f frame) scrolled(by int) frame {
	if f.screen().show == nil {
		f.scroll(by)
		return f
	}
	p, ok := f.page()
	if !ok {
		return f
	}
	s := f.spot()
	if p.table == nil {
		s.top += by
		return f.moved(f.browse().at(s)).settled()
	}
	s.index, s.row, s.chose = s.index+by, "", true
	return f.moved(f.browse().at(s)).settled()
}

// turned goes to the next list of the first screen, or to the next screen.
func (f frame) turned(by int) (frame, wish) {
	if f.screen().show == nil && f.plan(f.width, f.bodyHeight()).focus >= 0 {
		f.turn(by)
		return f, wish{}
	}
	return f.to((f.at + by + len(f.screens)) % len(f.screens))
}

// to goes to a screen.
func (f frame) to(at int) (frame, wish) {
	f.at = at
	f.message = notice{}
	return f.settled(), wish{look: true}
}

// tabbed goes to the screen of a tab: to its first, or from one of them to the next.
func (f frame) tabbed(tab string) (frame, wish) {
	var of []int
	for i, s := range f.screens {
		if s.tab == tab {
			of = append(of, i)
		}
	}
	if len(of) == 0 {
		if len(tab) == 1 { // a letter; others are of no terminal or of all
			f.message = notice{foreign(tab) + " does nothing here: ? shows the keys", usual}
		}
		return f, wish{}
	}
	next := of[0]
	for n, i := range of {
		if i == f.at {
			next = of[(n+1)%len(of)]
		}
	}
	return f.to(next)
}

// named goes to the screen of that name, with a knob turned there if one is named.
func (f frame) named(name, knob, value string) (frame, wish) {
	for i, s := range f.screens {
		if s.name == name {
			f.at = i
			if knob != "" {
				f = f.moved(newBrowse().turn(knob, value))
			}
		}
	}
	return f.settled(), wish{look: true}
}
