package tui

import "slices"

// press does what a key does.
func (f frame) press(key string) (frame, wish) {
	if key == "ctrl+c" {
		return f, wish{quit: true}
	}
	switch {
	case f.leaving:
		f.leaving = false
		if key == "s" && f.unsent() > 0 {
			return f.goTo(source{screen: "Sync"})
		}
		return f, wish{quit: key == "q"}
	case f.asking != nil:
		return f.pressAsking(key)
	case f.filter != nil:
		return f.pressFilter(key)
	case f.palette != nil:
		return f.pressPalette(key)
	case f.form != nil:
		return f.pressForm(key)
	case f.writing != nil:
		return f.pressWriting(key)
	case f.signs:
		f.signs = false
		return f, wish{}
	case f.showJob:
		return f.pressJob(key)
	}
	f.message = notice{}
	for _, a := range f.acts() {
		if a.key == key {
			return f.do(a)
		}
	}
	for _, b := range bindings() {
		if slices.Contains(b.keys, key) {
			return b.does(f)
		}
	}
	return f.tabbed(key)
}

// do begins an act.
func (f frame) do(a act) (frame, wish) {
	if why := a.why(f.sight()); why != "" {
		f.message = notice{why, warn}
		return f, wish{}
	}
	switch {
	case a.turn != nil:
		return f.moved(a.turn(f.browse())).settled(), wish{look: true}
	case a.goes != nil:
		return a.goes(f)
	case a.fill != nil:
		form := a.fill()
		f.form = &form
		return f, wish{check: true}
	case a.write != nil:
		return f.write(a.write())
	case f.busy() && !a.over:
		f.message = notice{"one thing at a time: " + typed(f.job.args, "") + " is still running; O shows it", warn}
		return f, wish{}
	}
	f.askings++
	k := ask(a)
	k.serial = f.askings
	if k.question() == nil {
		return f.asked(k, k.next())
	}
	f.asking = &k
	return f, wish{}
}

// busy reports whether a line is running.
func (f frame) busy() bool { return f.job != nil && !f.job.ended }

func (f frame) pressAsking(key string) (frame, wish) {
	asked := *f.asking
	asked.top = min(asked.top, asked.hidden(f.width, f.bodyHeight()))
	k, out := asked.press(key)
	f, w := f.asked(k, out)
	if k.rung >= afterPlan && out == still && k.question() == nil {
		w.ripen = true
	}
	return f, w
}

// asked goes on with what a key of an asking came to.
func (f frame) asked(k asking, out outcome) (frame, wish) {
	f.asking = &k
	switch out {
	case gone:
		f.asking = nil
		f.message = notice{"nothing was done", usual}
	case agreed:
		f.asking = nil
		if k.draft {
			return f, wish{save: true}
		}
		f.job = &job{serial: k.serial, name: k.name, args: k.line(k.answers), began: f.Now, number: k.number, top: -1, shows: k.shows}
		f.showJob = k.shows
		return f, wish{run: f.job.args}
	case wantsPlan:
		if k.draft {
			return f, wish{check: true}
		}
		if k.plan == nil {
			f.asking.whole = true
			return f, wish{ripen: true}
		}
		return f, wish{plan: k.planned(k.answers)}
	case still:
	}
	return f, wish{}
}

func (f frame) pressFilter(key string) (frame, wish) {
	s := f.spot()
	switch key {
	case "enter":
		f.filter = nil
		return f, wish{}
	case "esc":
		f.filter = nil
		s.filter = ""
	default:
		e, _ := f.filter.press(key)
		f.filter = &e
		s.filter = e.String()
	}
	return f.moved(f.browse().at(s)).settled(), wish{}
}

func (f frame) pressJob(key string) (frame, wish) {
	by := map[string]int{
		"j": 1, "down": 1, "k": -1, "up": -1, "pgdown": pageRows, " ": pageRows, "pgup": -pageRows,
		"g": -everything, "home": -everything, "G": everything, "end": everything,
	}
	if n, ok := by[key]; ok {
		j := f.job.scroll(n, f.bodyHeight(), f.width)
		f.job = &j
		return f, wish{}
	}
	switch key {
	case "esc", "enter", "O":
		f.showJob = false
		return f, wish{look: true}
	case "X":
		return f, wish{halt: f.busy()}
	case "q":
		f.showJob = false
		return f.quit()
	}
	if slices.ContainsFunc(f.screens, func(s screen) bool { return s.tab == key }) {
		f.showJob = false
		return f.tabbed(key)
	}
	return f, wish{}
}

// ended says what became of the line that ran: in the message line, or by
// showing all that it said where that is not what was wanted.
func (f frame) ended() frame {
	j := *f.job
	switch {
	case j.shows && f.showJob:
	case j.well():
		f.message = notice{j.name + ": done. " + j.outcome(), good}
	default:
		f.showJob = true
	}
	return f
}

// plannedSo takes the words of a plan. A dry run ends well also where there is
// something to do.
func (f frame) plannedSo(words []string, exit int) frame {
	k := *f.asking
	k.words, k.whole, k.ripe = words, true, false
	if k.last {
		k.top = everything
	}
	k.failed = exit != exitOK && exit != exitDiffers
	f.asking = &k
	return f
}

// pasted puts a text into what is being typed.
func (f frame) pasted(text string) frame {
	for _, r := range text {
		if r < ' ' {
			continue // no key is pressed by it
		}
		switch {
		case f.asking != nil && (f.asking.question() != nil || f.asking.rung == afterName):
			k := *f.asking
			k.entry = k.entry.insert(string(r))
			f.asking = &k
		case f.form != nil:
			form := f.form.typed(string(r))
			f.form = &form
		}
	}
	return f
}
