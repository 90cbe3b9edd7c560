package tui

import (
	"slices"
	"time"
)

// A view is everything that the picture depends on, beside its size and theme.
type view struct {
	State
	Now    time.Time
	Looked time.Time // when State was read; zero: never yet
	Failed error     // why it could not be read since

	flags  string               // that belong behind each command of ours
	local  func(string) string  // Options.Local; nil: commands stay as they are
	rates  map[string][]float64 // by server: records a second, of the last looks
	focus  int                  // the list that the keys scroll
	offset [listsShown]int      // rows that are scrolled away above
}

// The lists that scroll, in the order in which they stand.
const (
	feedList = iota
	gapList
	alarmList
	listsShown
)

// From this height on there are blank lines between the blocks, and the block
// of the servers; below it the verdict has to do.
const (
	airyHeight   = 19
	serverHeight = 14
)

// A list is rows below a heading, of which there may be more than fit.
type list struct {
	title string
	head  line   // headings, behind the label column
	rows  []line // whole lines
}

// known reports whether anything was ever read.
func (v view) known() bool { return !v.Looked.IsZero() }

// screen puts the blocks below one another.
func (v view) screen(width, height int) []line {
	p := v.plan(width, height)
	lines := p.top
	for i := range p.lists {
		if !v.known() {
			break
		}
		lines = append(lines, p.gap...)
		lines = append(lines, p.draw(v, i)...)
		if i == gapList {
			lines = append(lines, p.fills...)
		}
	}
	if foot := v.foot(height); foot > 0 {
		for len(lines) < height-foot {
			lines = append(lines, nil)
		}
		lines = append(lines[:height-foot], v.ready())
	}
	return lines
}

// footHeight is from which height on the last line says whether the role could be
// moved.
const footHeight = 8

// foot is how many lines stand at the bottom whatever else there is.
func (v view) foot(height int) int {
	if !v.known() || len(v.sides()) < 2 || height < footHeight {
		return 0
	}
	return 1
}

// A plan is what goes where.
type plan struct {
	grid
	top   []line // what never scrolls
	gap   []line // what stands between blocks
	lists [listsShown]list
	fills []line
	rooms []int // rows that each list may show
	focus int   // the list that scrolls; -1: all fit
}

// plan divides the screen: the top is fixed, and what is left is shared by the
// lists. Blank lines are the first thing to go.
func (v view) plan(width, height int) plan {
	height -= v.foot(height)
	p := plan{grid: newGrid(width, v.sides()), top: v.top(width), rooms: make([]int, listsShown), focus: -1}
	if !v.known() {
		return p
	}
	p.fills = v.fills(p.grid)
	p.lists = [listsShown]list{v.feeds(p.grid, false), v.gaps(p.grid), v.alarms(p.grid)}
	var servers []line
	var wants []int
	if height >= serverHeight {
		servers = v.servers(p.grid)
	}
	room := height - len(p.top) - len(servers) - len(p.fills) - listsShown
	for _, l := range p.lists {
		wants = append(wants, len(l.rows))
		room -= len(l.rows)
	}
	if room > 0 && servers != nil {
		more := v.standing(p.grid)
		more = more[:min(len(more), room)]
		servers, room = append(servers, more...), room-len(more)
	}
	if blank := listsShown + 1; height >= airyHeight && room >= blank {
		p.gap = []line{nil}
		room -= blank
	}
	if room < 0 {
		p.lists[feedList] = v.feeds(p.grid, true)
	}
	for _, n := range wants {
		room += n
	}
	p.rooms = share(room, wants)
	p.focus = p.scrolls(v.focus)
	p.top = slices.Concat(p.top, p.gap, servers)
	return p
}

// scrolls returns the first list from i on that does not fit; -1 if all do.
func (p plan) scrolls(i int) int {
	for n := range listsShown {
		if at := (i + n) % listsShown; p.most(at) > 0 {
			return at
		}
	}
	return -1
}

// most returns by how many rows a list can be scrolled.
func (p plan) most(i int) int { return len(p.lists[i].rows) - p.rooms[i] }

// draw returns the heading of a list and the rows that are in sight.
func (p plan) draw(v view, i int) []line {
	l, first := p.lists[i], min(max(0, v.offset[i]), p.most(i))
	label, mark := l.title, " "
	if hidden := p.most(i); hidden > 0 {
		label += " +" + count(int64(hidden))
	}
	if p.focus == i {
		mark = ">"
	}
	head := line{{mark, strong}, {left(label, p.label), strong}, {" ", usual}}
	lines := []line{append(head, l.head...)}
	return append(lines, l.rows[first:first+p.rooms[i]]...)
}

// share divides room among those who want some: one each in turn, so that a
// long list leaves a short one what it needs.
func share(room int, wants []int) []int {
	got := make([]int, len(wants))
	for progress := true; progress && room > 0; {
		progress = false
		for i := range wants {
			if got[i] < wants[i] && room > 0 {
				got[i]++
				room--
				progress = true
			}
		}
	}
	return got
}
