package tui

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A frame is everything that the picture depends on, beside its size and theme.
type frame struct {
	view                     // what is known of the pair: the first screen, and line 1 of all
	screens []screen         // in the order of their tabs
	at      int              // of screens: which one is seen
	browses []browse         // where somebody is on each
	seen    map[string]known // by screen and place: what was looked at last
	version int              // counts what was looked at
	memo    *memo
	frozen  bool
	looks   string // why nothing is changed from here; "": it is
	may     func(args []string) string
	apart   bool // there is no shell around the screen to go back to
	// programs may be started from here.
	programs bool
	mouseOn  bool
	themed   int // how often the theme was changed
	message  notice

	// What lies over the page; at most one of these.
	filter  *entry
	asking  *asking
	palette *palette
	form    *form
	writing *writing
	signs   bool // the page with signs and words
	leaving bool // somebody wants to leave while a line runs

	job     *job // nil: none ran yet
	showJob bool
	askings int    // how many acts were begun
	draft   []Edit // of the administration data, not done yet

	width, height int // of the terminal; 0 until it said
}

// A known is what a look at a place brought.
type known struct {
	data   any
	looked time.Time // when it was read; zero: never
	failed error     // why it could not be read since
}

// A notice is what the message line says.
type notice struct {
	text string
	tone tone
}

// newFrame is the frame before anything is known.
func newFrame(screens []screen) frame {
	f := frame{screens: screens, seen: map[string]known{}, memo: &memo{}}
	for range screens {
		f.browses = append(f.browses, newBrowse())
	}
	return f
}

// screen returns the one that is seen.
func (f frame) screen() screen { return f.screens[f.at] }

// browse returns where somebody is on it.
func (f frame) browse() browse { return f.browses[f.at] }

// moved returns the frame with somebody elsewhere on the screen.
func (f frame) moved(to browse) frame {
	all := make([]browse, len(f.browses))
	copy(all, f.browses)
	all[f.at] = to
	f.browses = all
	return f
}

// spot returns how the page is looked at.
func (f frame) spot() spot { return *f.browses[f.at].spot() }

// placeID names what is looked at.
func (f frame) placeID() string { return f.screen().name + "\x00" + f.browse().id() }

// took returns the frame with what a look at a place brought.
func (f frame) took(id string, k known) frame {
	all := make(map[string]known, len(f.seen)+1)
	maps.Copy(all, f.seen)
	if old, ok := all[id]; ok && k.failed != nil {
		k.data, k.looked = old.data, old.looked
	}
	if len(all) > mostSeen {
		clear(all) // rare, and only costs a look
	}
	all[id] = k
	f.seen = all
	f.version++
	return f.settled()
}

// mostSeen is of how many places it is kept how they looked.
const mostSeen = 64

// sight returns what a page depends on beside its data.
func (f frame) sight() sight {
	s := sight{
		at: f.browse().place, now: f.Now, width: f.width, height: f.bodyHeight(), here: foreign(f.Own.Name), primary: f.Own.Role == "primary",
		looks: f.looks, may: f.may, draft: f.draft, own: &f.Own, sides: f.sides(), looked: f.Looked,
	}
	s.marks, s.above = f.browse().levels()
	if len(s.sides) > 1 {
		s.twin = f.twinName()
	}
	for _, side := range s.sides {
		if side.here || side.doc == nil || !side.fresh() {
			continue
		}
		for _, a := range side.doc.Alarms {
			s.beside = append(s.beside, a.Text)
		}
	}
	return s
}

// page returns what is seen; false while it was not read yet.
func (f frame) page() (page, bool) {
	if f.screen().show == nil {
		return page{title: f.screen().name}, true
	}
	k, ok := f.seen[f.placeID()]
	if !ok || k.looked.IsZero() {
		return page{title: f.screen().name}, false
	}
	return f.shown(k.data), true
}

// acts returns what can be done with the row that is chosen.
func (f frame) acts() []act {
	p, ok := f.page()
	if !ok && f.screen().show != nil {
		p = f.screen().show(nil, f.sight()) // what needs no row can be done all the same
	}
	if p.acts == nil {
		return nil
	}
	return p.acts(f.chosen(p))
}

// chosen returns the key of the row that the keys are about; "" if there is none.
func (f frame) chosen(p page) string {
	if p.table == nil {
		return ""
	}
	rows := f.rows(p)
	if len(rows) == 0 {
		return ""
	}
	return p.table.keys[rows[max(0, min(f.spot().index, len(rows)-1))]]
}

// settled brings what is chosen back to where it is now, and into sight.
func (f frame) settled() frame {
	p, ok := f.page()
	s := f.spot()
	f.settle()
	if !ok {
		return f
	}
	room := f.room(p)
	if p.table == nil {
		s.top = max(0, min(s.top, len(p.text)-room))
		return f.moved(f.browse().at(s))
	}
	rows := f.rows(p)
	s.chose = s.chose && p.seek != ""
	if p.seek != "" && !s.chose {
		s.row = p.seek
	}
	if s.row != "" {
		for i, at := range rows {
			if p.table.keys[at] == s.row {
				s.index = i
				break
			}
		}
	}
	s.index = max(0, min(s.index, len(rows)-1))
	if len(rows) > 0 {
		s.row = p.table.keys[rows[s.index]]
	}
	room-- // the heading
	s.top = max(0, min(s.top, len(rows)-room))
	s.top = max(min(s.top, s.index), s.index-max(0, room-1))
	return f.moved(f.browse().at(s))
}

// The heights from which on the lines of the frame stand that a person can do
// without.
const (
	tabsHeight    = 10
	messageHeight = 8
)

// bodyHeight is how many lines there are between the frame's own.
func (f frame) bodyHeight() int {
	n := f.height - 2
	if f.height >= tabsHeight {
		n--
	}
	if f.height >= messageHeight {
		n--
	}
	return max(0, n)
}

// room is how many lines a page has for what scrolls.
func (f frame) room(p page) int { return max(0, f.bodyHeight()-len(f.heading(p))-len(f.below(p))) }

// below is what is said of the row that is chosen, where there is room for it.
func (f frame) below(p page) []line {
	if p.below == nil || p.table == nil || f.bodyHeight() < belowHeight {
		return nil
	}
	return p.below(f.chosen(p))
}

// belowHeight is from which height of a page on it says more of a row.
const belowHeight = 16

// render draws the frame: height lines, none wider than width.
func render(f frame, width, height int, theme Theme) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	f.width, f.height = width, height
	drawn := make([]string, 0, height)
	for _, l := range f.lines() {
		drawn = append(drawn, l.draw(theme, width))
	}
	return strings.Join(drawn, "\n")
}

// lines puts everything below one another.
func (f frame) lines() []line {
	all := []line{f.title()}
	if f.height >= tabsHeight {
		all = append(all, f.tabs())
	}
	body := f.body()
	body = body[:min(len(body), f.bodyHeight())]
	all = append(all, body...)
	for range f.bodyHeight() - len(body) {
		all = append(all, nil)
	}
	if f.height >= messageHeight {
		all = append(all, f.said())
	}
	return append(all, f.hints())[:f.height]
}

// body is what stands between the frame's own lines.
func (f frame) body() []line {
	as, height := f.sight(), f.bodyHeight()
	switch {
	case f.leaving:
		return f.leave()
	case f.asking != nil:
		return f.asking.draw(as, height, f.flags)
	case f.palette != nil:
		return f.palette.draw(f, height)
	case f.form != nil:
		return f.form.draw(as, height)
	case f.writing != nil:
		return f.writing.draw(as, height)
	case f.signs:
		return signLines(f.width)
	case f.showJob && f.job != nil:
		return f.job.draw(as, height, f.flags)
	case f.screen().show == nil:
		return f.view.screen(f.width, height)
	}
	return f.pageLines()
}

// pageLines shows the page.
func (f frame) pageLines() []line {
	p, ok := f.page()
	lines := f.heading(p)
	k := f.seen[f.placeID()]
	if !ok {
		if k.failed == nil {
			lines = append(lines, line{{" reading ...", quiet}})
		}
		return lines
	}
	room := max(0, f.bodyHeight()-len(lines))
	s := f.spot()
	if p.table == nil {
		first := max(0, min(s.top, len(p.text)-room))
		return append(lines, p.text[first:min(len(p.text), first+room)]...)
	}
	below := f.below(p)
	drawn := p.table.draw(f.rows(p), s, f.sight(), max(0, room-len(below)))
	return slices.Concat(lines, drawn, below)
}

// heading is what stands above all that scrolls: the title, what is wrong, and
// the notes of the page.
func (f frame) heading(p page) []line {
	l := line{{" " + strings.ToUpper(p.title), strong}}
	if p.of != "" {
		l = append(l, piece{" " + foreign(p.of), strong})
	}
	s := f.spot()
	if p.table != nil {
		shown, all := len(f.rows(p)), len(p.table.keys)
		if shown != all {
			l = append(l, piece{"  " + count(int64(shown)) + " of " + count(int64(all)), usual})
		} else if !p.table.uncounted {
			l = append(l, piece{"  " + count(int64(all)), quiet})
		}
	}
	if p.table != nil && len(p.table.marks) > 0 {
		l = append(l, piece{"  " + count(int64(len(p.table.marks.among(p.table.keys)))) + " marked", strong})
	}
	if s.filter != "" {
		l = append(l, piece{"  filter: ", quiet}, piece{foreign(s.filter), usual})
	}
	k := f.seen[f.placeID()]
	if old := f.Now.Sub(k.looked); !k.looked.IsZero() && old > 3*max(p.pace, usualPace) && p.pace >= 0 {
		l = append(l, piece{"   ! " + length(old) + " old", warn})
	}
	lines := []line{l}
	if k.failed != nil {
		lines = append(lines, warning("this cannot be read: "+k.failed.Error(), f.width, bad)...)
		lines = append(lines, line{{"   r looks again", quiet}})
	}
	for _, n := range p.notes {
		lines = append(lines, warning(n.text, f.width, n.tone)...)
	}
	most, above := max(1, f.bodyHeight()/2), p.above
	if p.fits != nil || len(above) > 0 {
		most = max(1, f.bodyHeight()*3/5)
	}
	if p.fits != nil {
		above = p.fits(max(0, most-len(lines)))
	}
	if len(above) > 0 {
		lines = slices.Concat(lines[1:], above, lines[:1]) // the title belongs to what scrolls
	}
	if len(lines) > most && len(above) > 0 {
		return append(lines[:most-1], lines[len(lines)-1])
	}
	return lines[:min(len(lines), most)]
}

// warning is a note in as many lines as it takes.
func warning(text string, width int, as tone) []line {
	sign := ""
	if as == bad {
		sign = "x "
	} else if as == warn {
		sign = "! "
	}
	var lines []line
	for i, part := range wrap(foreign(text), width-2-len(sign)) {
		if i > 0 {
			sign = strings.Repeat(" ", len(sign))
		}
		lines = append(lines, line{{" " + sign, as}, {part, as}})
	}
	return lines
}
