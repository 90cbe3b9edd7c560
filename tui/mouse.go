package tui

import tea "github.com/charmbracelet/bubbletea"

// wheel is how many rows a turn of the wheel scrolls.
const wheel = 3

// mouse does what a mouse does: the wheel scrolls, a click chooses a tab or a
// row, and one on the row that is chosen opens it. It confirms nothing.
func (f frame) mouse(m tea.MouseMsg) (frame, wish) {
	if m.Action != tea.MouseActionPress {
		return f, wish{}
	}
	//nolint:exhaustive // other buttons do nothing
	switch m.Button {
	case tea.MouseButtonWheelUp:
		return f.wheeled("k", -wheel)
	case tea.MouseButtonWheelDown:
		return f.wheeled("j", wheel)
	case tea.MouseButtonLeft:
		return f.clicked(m.X, m.Y)
	}
	return f, wish{}
}

// over reports whether something lies over the page.
func (f frame) over() bool {
	return f.leaving || f.asking != nil || f.palette != nil || f.form != nil || f.writing != nil || f.signs || f.showJob || f.filter != nil
}

func (f frame) wheeled(key string, by int) (frame, wish) {
	if !f.over() {
		return f.scrolled(by), wish{}
	}
	if !f.showJob || f.asking != nil || f.leaving {
		return f, wish{}
	}
	for range wheel {
		f, _ = f.pressJob(key)
	}
	return f, wish{}
}

// clicked chooses what is at a place of the screen.
func (f frame) clicked(x, y int) (frame, wish) {
	first := 1 // line of the body
	if f.height >= tabsHeight {
		if y == first && !f.over() {
			return f.clickedTab(x)
		}
		first++
	}
	p, ok := f.page()
	if f.over() || !ok || p.table == nil {
		return f, wish{}
	}
	rows, s := f.rows(p), f.spot()
	at := s.top + y - first - len(f.heading(p)) - 1
	if at < s.top || at >= len(rows) || y >= first+f.bodyHeight() {
		return f, wish{}
	}
	if at == s.index {
		return f.enter()
	}
	s.chose = true
	s.index, s.row = at, p.table.keys[rows[at]]
	return f.moved(f.browse().at(s)).settled(), wish{}
}

// clickedTab goes to the screen whose tab stands in a column.
func (f frame) clickedTab(x int) (frame, wish) {
	from := 0
	for _, p := range f.tabs() {
		to := from + wide(p.text)
		if x >= from && x < to && p.text != " " {
			return f.tabbed(p.text[:1])
		}
		from = to
	}
	return f, wish{}
}
