package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/history"
)

// wideScreen is from where there is room for what one can do without.
const wideScreen = 110

// The widths of the gap columns.
const (
	momentWidth = 14
	lengthWidth = 7
	serverWidth = 10
	reasonWidth = 12
	countWidth  = 9
)

// A missing is a gap and the side that has it.
type missing struct {
	history.Gap
	side side
}

// gaps is what is missing, on either server: what lasts first, then what is
// open, then what nobody has, then what came back within a day.
func (v view) gaps(g grid) list {
	l := list{title: "GAPS", head: line{{v.none(g.sides), usual}}}
	shown := v.missing(g.sides)
	if len(shown) == 0 {
		return l
	}
	l.head = gapCells(g, func(c gapColumn) piece { return piece{c.title, quiet} })
	for _, m := range shown {
		told := v.tellGap(m)
		l.rows = append(l.rows, append(g.begin(piece{foreign(m.Feed), usual}), gapCells(g, func(c gapColumn) piece {
			return told[c.title]
		})...))
	}
	return l
}

// none is what there is to say when there is no gap to show.
func (v view) none(sides []side) string {
	said := "none"
	for _, s := range sides {
		switch n := s.untold(); {
		case n > 0:
			return count(int64(n)) + " open on " + s.name + ", which does not tell them one by one"
		case !s.fresh():
			said = "none that this server knows of"
		}
	}
	return said
}

type gapColumn struct {
	title string
	width int
	right bool
}

func gapColumns(g grid) []gapColumn {
	columns := []gapColumn{{"from", momentWidth, false}}
	if g.width >= wideScreen {
		columns = append(columns, gapColumn{"to", momentWidth, false})
	}
	columns = append(columns, gapColumn{"length", lengthWidth, true})
	if len(g.sides) > 1 {
		columns = append(columns, gapColumn{"on", serverWidth, false})
	}
	columns = append(columns, gapColumn{"why", reasonWidth, false})
	if g.width >= wideScreen {
		columns = append(columns, gapColumn{"records", countWidth, true})
	}
	used := 0
	for _, c := range columns {
		used += c.width + 1
	}
	return append(columns, gapColumn{"state", max(0, g.rest()-used), false})
}

func gapCells(g grid, tell func(gapColumn) piece) line {
	var all []piece
	for _, c := range gapColumns(g) {
		p := tell(c)
		all = append(all, piece{aligned(p.text, c.width, c.right), p.tone})
	}
	return cells(all...)
}

func (v view) tellGap(m missing) map[string]piece {
	to, until := "still", v.Now
	if m.To != nil {
		until = m.To.Time()
		to = moment(until)
	}
	return map[string]piece{
		"from":    {moment(m.From.Time()), usual},
		"to":      {to, usual},
		"length":  {length(until.Sub(m.From.Time())), usual},
		"on":      {m.side.name, usual},
		"why":     {word(string(m.Reason)), usual},
		"records": {count(m.Records), usual},
		"state":   v.gapState(m),
	}
}

// gapState says what has become of a gap, or what is being done about it.
func (v view) gapState(m missing) piece {
	switch {
	case m.State == history.GapLost:
		return piece{"x lost: nobody has it", bad}
	case m.State == history.GapFilled:
		return piece{"+ filled", good}
	case m.To == nil && m.ID != 0:
		return piece{"! not over yet", warn}
	case m.To == nil:
		return piece{"! since twind died", warn}
	case v.fillingOf(m) != nil:
		return piece{"! open, being filled", warn}
	default:
		return piece{"! open", warn}
	}
}

// fillingOf returns what is being copied into the place of a gap.
func (v view) fillingOf(m missing) *Filling {
	for i, f := range v.Fills {
		if foreign(f.To) == m.side.name && f.Feed == m.Feed {
			return &v.Fills[i]
		}
	}
	return nil
}

// missing lists the gaps of all sides that are worth a line, the gravest first.
func (v view) missing(sides []side) []missing {
	var all []missing
	for _, s := range sides {
		for _, g := range s.gaps {
			if g.State == history.GapOpen || v.recent(g) && g.State != history.GapClosed {
				all = append(all, missing{g, s})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b missing) int {
		return cmp.Or(cmp.Compare(weight(a.Gap), weight(b.Gap)), cmp.Compare(b.From, a.From))
	})
	return all
}

func weight(g history.Gap) int {
	switch {
	case g.State == history.GapOpen && g.To == nil:
		return 0
	case g.State == history.GapOpen:
		return 1
	case g.State == history.GapLost:
		return 2
	default:
		return 3
	}
}

// The fills that are shown, and how long their bar is.
const (
	fillsShown = 3
	barWidth   = 20
)

// fills is what is being copied, a line each.
func (v view) fills(g grid) []line {
	var lines []line
	for _, f := range v.Fills {
		if len(lines) == fillsShown {
			break
		}
		label := piece{"filling", strong}
		text := foreign(f.Feed) + " on " + foreign(f.To) + " from " + foreign(f.From) + "  "
		if f.Total > 0 {
			done := max(0, min(float64(f.Done)/float64(f.Total), 1))
			text += fmt.Sprintf("%d%%  ", int(done*100))
			if g.width >= wideScreen {
				full := int(done * barWidth)
				text += "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]  "
			}
			text += count(f.Done) + " of " + count(f.Total) + "  "
		} else {
			text += count(f.Done) + " records  "
		}
		text += speed(f.Rate)
		if f.Remaining > 0 {
			text += "  " + length(f.Remaining) + " left"
		}
		lines = append(lines, append(g.begin(label), piece{text, usual}))
	}
	return lines
}
