package tui

import "strings"

// A palette is the list of all that can be done where somebody is.
type palette struct {
	entry entry // what is looked for
	index int
	top   int
}

// A choice is one thing in the palette.
type choice struct {
	key, name string
	line      string // of twinctl, that it is; "" if it is none
	off       string // why it cannot be done now
	does      func(frame) (frame, wish)
}

func (f frame) openPalette() (frame, wish) {
	f.palette = &palette{}
	return f, wish{}
}

// choices returns all that can be done here, what belongs to the page first.
func (f frame) choices() []choice {
	var all []choice
	as := f.sight()
	for _, a := range f.acts() {
		c := choice{key: a.key, name: a.name, off: a.why(as), does: func(f frame) (frame, wish) { return f.do(a) }}
		if a.args != nil {
			c.line = typed(a.line(nil), "")
		}
		all = append(all, c)
	}
	for _, b := range bindings() {
		all = append(all, choice{key: b.keys[0], name: b.name, does: b.does})
	}
	for i, s := range f.screens {
		all = append(all, choice{key: s.tab, name: s.name + ": " + s.about, does: func(f frame) (frame, wish) { return f.to(i) }})
	}
	return all
}

// elsewhere returns what can be done on the other screens, as far as that is known
// before they are looked at. To choose it goes to its screen, and does nothing yet.
func (f frame) elsewhere() []choice {
	var all []choice
	as := f.sight()
	as.at = newBrowse().place
	for i, s := range f.screens {
		if i == f.at || s.show == nil {
			continue
		}
		p := s.show(nil, as)
		if p.acts == nil {
			continue
		}
		for _, a := range p.acts("") {
			c := choice{key: s.tab + " " + keyName(a.key), name: s.name + ": " + a.name, does: func(f frame) (frame, wish) { return f.to(i) }}
			if a.args != nil {
				c.line = typed(a.args, "")
			}
			all = append(all, c)
		}
	}
	return all
}

// found returns the choices that are looked for: those in which every word stands.
func (f frame) found() []choice {
	words := strings.Fields(strings.ToLower(f.palette.entry.String()))
	var all []choice
	from := f.choices()
	if len(words) > 0 {
		from = append(from, f.elsewhere()...)
	}
	for _, c := range from {
		text := strings.ToLower(keyName(c.key) + " " + c.name + " " + c.line)
		stands := true
		for _, w := range words {
			stands = stands && strings.Contains(text, w)
		}
		if stands {
			all = append(all, c)
		}
	}
	return all
}

func (f frame) pressPalette(key string) (frame, wish) {
	p, found := *f.palette, f.found()
	switch key {
	case "esc":
		f.palette = nil
		return f, wish{}
	case "enter":
		f.palette = nil
		if p.index >= len(found) {
			return f, wish{}
		}
		return found[p.index].does(f)
	case "down", "tab":
		p.index++
	case "up", "shift+tab":
		p.index--
	case "pgdown":
		p.index += pageRows
	case "pgup":
		p.index -= pageRows
	default:
		p.entry, _ = p.entry.press(key)
		p.index = 0
		f.palette = &p
		found = f.found()
	}
	p.index = max(0, min(p.index, len(found)-1))
	room := max(1, f.bodyHeight()-paletteHead)
	p.top = max(0, min(max(min(p.top, p.index), p.index-room+1), len(found)-room))
	f.palette = &p
	return f, wish{}
}

// paletteHead is how many lines stand above the list.
const paletteHead = 2

func (p palette) draw(f frame, height int) []line {
	const prompt = " all that can be done here; type to find: "
	lines := []line{append(line{{cut(prompt, f.width-3), strong}}, p.entry.draw(max(1, f.width-len(prompt)-1))...), nil}
	found := f.found()
	t := tableOf(found, []field{{title: "key"}, {title: "what it does", most: 36}, {title: "the line that it is"}},
		func(c choice) string { return c.key + c.name },
		func(c choice, _ sight) []piece {
			key := keyName(c.key)
			if c.off != "" {
				return []piece{{key, quiet}, {c.name, quiet}, {"not now: " + c.off, quiet}}
			}
			return []piece{{key, strong}, {c.name, usual}, {c.line, quiet}}
		})
	t.empty = "nothing is called so"
	rows := make([]int, len(found))
	for i := range rows {
		rows[i] = i
	}
	drawn := t.draw(rows, spot{index: p.index, top: p.top}, f.sight(), height-len(lines)+1)
	if len(drawn) > 1 {
		drawn = drawn[1:] // what stands in the columns tells itself
	}
	return append(lines, drawn...)
}
