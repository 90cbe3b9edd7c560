package tui

import (
	"maps"
	"slices"
	"strings"
)

// A place is where on a screen somebody is: what was opened, one within the
// other, and what was chosen to be seen of it.
type place struct {
	path  []string          // keys of rows
	knobs map[string]string // by name; what is not in it is as usual
}

// id names the place among those of its screen.
func (p place) id() string {
	var b strings.Builder
	for _, key := range p.path {
		b.WriteString(key + "\x00")
	}
	for _, name := range slices.Sorted(maps.Keys(p.knobs)) {
		b.WriteString("\x01" + name + "\x00" + p.knobs[name])
	}
	return b.String()
}

// leaf returns the key that was opened last; "" at the root.
func (p place) leaf() string {
	if len(p.path) == 0 {
		return ""
	}
	return p.path[len(p.path)-1]
}

// turned returns the place with a knob at another value; "" is the usual one.
func (p place) turned(knob, value string) place {
	knobs := map[string]string{}
	maps.Copy(knobs, p.knobs)
	if knobs[knob] = value; value == "" {
		delete(knobs, knob)
	}
	return place{p.path, knobs}
}

// aside tells whether something else of the screen is seen than what it is for: its
// log, its draft, or what belongs to a row of another screen.
func (p place) aside() bool { return p.knobs["see"] != "" || p.knobs["timetable"] != "" }

// in returns the place one level down.
func (p place) in(key string) place {
	return place{append(slices.Clone(p.path), key), p.knobs}
}

// out returns the place one level up.
func (p place) out() place { return place{p.path[:len(p.path)-1], p.knobs} }

// A spot is how a level of a screen is looked at.
type spot struct {
	row    string // key of the row that is chosen; "" the first
	index  int    // of it: where it was, should it go
	top    int    // rows or lines that are scrolled away
	filter string
	chose  bool // somebody chose the row, while the page sought one
	marks  marked
}

// A browse is where somebody is on a screen, and how each level above is
// looked at: who comes back finds it as it was.
type browse struct {
	place
	spots []spot // one more than the path is long
}

func newBrowse() browse { return browse{spots: []spot{{}}} }

// spot returns how the level is looked at where somebody is.
func (b *browse) spot() *spot { return &b.spots[len(b.spots)-1] }

// open goes one level down.
func (b browse) open(key string) browse {
	return browse{b.in(key), append(slices.Clone(b.spots), spot{})}
}

// back goes one level up, if there is one.
func (b browse) back() browse {
	if len(b.path) == 0 {
		return b
	}
	return browse{b.out(), slices.Clone(b.spots[:len(b.spots)-1])}
}

// at returns the browse with another spot in the place of the present one.
func (b browse) at(s spot) browse {
	b.spots = slices.Clone(b.spots)
	*b.spot() = s
	return b
}

// turn returns the browse with a knob at another value, and the list at its
// beginning; what is marked stays so.
func (b browse) turn(knob, value string) browse {
	b.place = b.turned(knob, value)
	return b.at(spot{marks: b.spot().marks})
}
