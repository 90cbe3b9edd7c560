package page

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a drawing, in the points that it is laid out by. A page shows it
// as wide as there is room.
const (
	drawingWidth  = 960
	drawingHeight = 236
	textSize      = 11
	widestBar     = 72
)

// An ink is what something is drawn with. The page's style sheet says what it
// looks like, by light, by dark and on paper: a drawing names it alone.
type ink int

// The inks. The first ones are for lines and words, the fills for surfaces
// that differ by pattern as well as by colour.
const (
	inkText ink = iota + 1
	inkAxis
	inkGrid
	inkFirst
	inkSecond
	inkThird
	fillFirst
	fillSecond
	fillThird
	fillFourth
	fillFifth
	fillSixth
	fillSeventh
	fillMissing
	inks
)

// paint returns what the style sheet and the patterns of the page know it by.
func (i ink) paint() string {
	switch i {
	case inkText:
		return "var(--ink)"
	case inkAxis:
		return "var(--axis)"
	case inkGrid:
		return "var(--grid)"
	case inkFirst, inkSecond, inkThird:
		return fmt.Sprintf("var(--s%d)", i-inkFirst+1)
	case fillMissing:
		return "url(#missing)"
	default:
		return fmt.Sprintf("url(#f%d)", i-fillFirst+1)
	}
}

// color returns a colour that stands for the ink until the drawing is done:
// dark greys, whose parts survive the library's arithmetic.
func (i ink) color() color.Color { return color.Gray{Y: uint8(16 * i)} }

// A drawing is one plot over a stretch of time.
type drawing struct {
	x, y  axis
	bands []band // behind everything: where something is missing
	bars  []bars // in the order in which they are stacked, from below
	lines []line
}

// An axis is one of the two.
type axis struct {
	label    string // with the unit
	min, max float64
	ticks    []plot.Tick
}

// A band is a stretch of x.
type band struct{ from, to float64 }

// Bars stand on those of before, each over its stretch.
type bars struct {
	fill   ink
	over   []band
	values []float64 // as many; 0 draws nothing
}

// A line goes through points, which stand in runs: it is broken between them.
type line struct {
	ink   ink
	dash  []vg.Length
	glyph draw.GlyphDrawer // on each point; nil: none, unless a run is one point
	runs  [][]vg.Point     // in the axes' own units
}

// svg draws it, for a page that has the inks; about is for who cannot see it.
func (d drawing) svg(about string) (template.HTML, error) {
	p := plot.New()
	p.BackgroundColor = nil
	d.x.set(&p.X)
	d.y.set(&p.Y)
	p.Add(d)
	canvas := vgsvg.New(drawingWidth, drawingHeight)
	p.Draw(draw.Canvas{Canvas: canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: leftOf(p), Y: 1}, Max: vg.Point{X: drawingWidth - 14, Y: drawingHeight - 8},
	}})
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", fmt.Errorf("draw %s: %w", about, err)
	}
	return inline(out.String(), about)
}

// axisWidth is what the labels of an upright axis get, so that drawings below
// each other have their hours below each other.
const axisWidth = 58

// leftOf returns how far to the right a plot must begin for that.
func leftOf(p *plot.Plot) vg.Length {
	whole := draw.New(vgsvg.New(drawingWidth, drawingHeight))
	return max(0, axisWidth-p.DataCanvas(whole).Min.X)
}

// inline makes the library's file a part of a page.
func inline(file, about string) (template.HTML, error) {
	_, body, ok := strings.Cut(file, "xmlns:xlink=\"http://www.w3.org/1999/xlink\">")
	if !ok {
		return "", fmt.Errorf("draw %s: not the file that was expected", about)
	}
	var pairs []string
	for i := inkText; i < inks; i++ {
		pairs = append(pairs, hex(i.color()), i.paint())
	}
	pairs = append(pairs,
		"font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "", // the page has one
		"</svg>", "", "\n\t", " ", "\n", "")
	body = strings.NewReplacer(pairs...).Replace(body)
	head := fmt.Sprintf(`<svg class="plot" role="img" aria-label="%s" viewBox="0 0 %d %d">`, html.EscapeString(about), drawingWidth, drawingHeight)
	return template.HTML(head + body + "</svg>"), nil //nolint:gosec // the library escapes its texts, and about is escaped
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}

func (a axis) set(into *plot.Axis) {
	into.Min, into.Max, into.Padding = a.min, a.max, 0
	into.Color, into.Width = inkAxis.color(), 0.75
	into.Label.Text = a.label
	into.Label.Padding = 3
	into.Label.TextStyle.Color = inkText.color()
	into.Label.TextStyle.Font = typeface()
	into.Tick.Label.Color = inkText.color()
	into.Tick.Label.Font = typeface()
	into.Tick.Color, into.Tick.Width, into.Tick.Length = inkAxis.color(), 0.75, 4
	into.Tick.Marker = plot.ConstantTicks(a.ticks)
}

// typeface is what the library measures by: of the same widths as what the
// page's style sheet names.
func typeface() font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
}

// Plot implements plot.Plotter.
func (d drawing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, b := range d.bands {
		box(c, fillMissing, vg.Point{X: x(b.from), Y: c.Min.Y}, vg.Point{X: x(b.to), Y: c.Max.Y})
	}
	for _, t := range d.y.ticks {
		c.StrokeLine2(draw.LineStyle{Color: inkGrid.color(), Width: 0.75}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
	stacked := map[band]float64{}
	for _, series := range d.bars {
		for i, b := range series.over {
			from, to := stacked[b], stacked[b]+series.values[i]
			stacked[b] = to
			if to > from {
				wide := x(b.to) - x(b.from)
				gap := max(0.08*wide, (wide-widestBar)/2)
				box(c, series.fill, vg.Point{X: x(b.from) + gap, Y: y(from)}, vg.Point{X: x(b.to) - gap, Y: y(to)})
			}
		}
	}
	for _, l := range d.lines {
		l.plot(c, x, y)
	}
}

func (l line) plot(c draw.Canvas, x, y func(float64) vg.Length) {
	for _, run := range l.runs {
		at := make([]vg.Point, len(run))
		for i, p := range run {
			at[i] = vg.Point{X: x(float64(p.X)), Y: y(float64(p.Y))}
		}
		c.StrokeLines(draw.LineStyle{Color: l.ink.color(), Width: 1.75, Dashes: l.dash}, at)
		if l.glyph == nil && len(run) > 1 {
			continue
		}
		for _, p := range at {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.ink.color(), Radius: 2.75, Shape: glyphOr(l.glyph)}, p)
		}
	}
}

func glyphOr(g draw.GlyphDrawer) draw.GlyphDrawer {
	if g == nil {
		return draw.CircleGlyph{}
	}
	return g
}

// box fills a rectangle and draws its edge, so that it is seen without colour.
func box(c draw.Canvas, fill ink, low, high vg.Point) {
	corners := []vg.Point{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}
	c.FillPolygon(fill.color(), corners)
	if fill != fillMissing {
		c.StrokeLines(draw.LineStyle{Color: inkAxis.color(), Width: 0.5}, append(corners, low))
	}
}
