package tui

// A grid is where the columns stand: a label, then one cell for each server.
type grid struct {
	width int
	label int
	cell  int
	sides []side
}

const (
	margin   = 1 // left of everything
	cellGap  = 3 // between the two servers: a blank, a sign that compares them, and a blank
	minLabel = 10
	maxLabel = 24
)

func newGrid(width int, sides []side) grid {
	g := grid{width: width, sides: sides, label: min(max(width/8, minLabel), maxLabel)}
	rest := width - margin - g.label - 1 - cellGap*(len(sides)-1)
	g.cell = max(0, rest/len(sides))
	return g
}

// row makes a line of a label and what stands in each server's cell, with a sign
// between the two.
func (g grid) row(label, sign piece, cell func(side) line) line {
	l := g.begin(label)
	return append(l, g.across(sign, cell)...)
}

// across makes the cells alone.
func (g grid) across(sign piece, cell func(side) line) line {
	var l line
	for i, s := range g.sides {
		if i > 0 {
			l = append(l, piece{text: " "}, sign, piece{text: " "})
		}
		l = append(l, cell(s).to(g.cell)...)
	}
	return l
}

// noSign stands between cells that are not compared.
func noSign() piece { return piece{" ", usual} }

// begin makes a line of a label alone.
func (g grid) begin(label piece) line {
	return line{{" ", usual}, {left(shorten(label.text, g.label), g.label), label.tone}, {" ", usual}}
}

// rest is how many columns are left behind the label.
func (g grid) rest() int { return max(0, g.width-margin-g.label-1) }
