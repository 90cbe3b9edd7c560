package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The size of a character, and what stands around the picture.
const (
	cellWidth  = 8.4
	cellHeight = 17
	fontSize   = 14
	border     = 12
)

// The colours of what is painted in none, and of the ground.
const (
	inkColour    = "#d7dae0"
	faintColour  = "#8b919c"
	groundColour = "#1e2127"
)

// draw writes lines as an SVG. It holds shapes and text, and nothing that a viewer
// could run or fetch.
func draw(w io.Writer, lines [][]span) error {
	width, height := float64(columns(lines))*cellWidth+2*border, len(lines)*cellHeight+2*border
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"%d\">\n",
		width, height, fontSize)
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=%q/>\n", groundColour)
	for i, l := range lines {
		for _, s := range l {
			drawSpan(&b, s, i)
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func drawSpan(b *strings.Builder, s span, row int) {
	x, top := border+float64(s.at)*cellWidth, border+row*cellHeight
	length := float64(utf8.RuneCountInString(s.text)) * cellWidth
	ink := inkColour
	switch {
	case s.look.colour >= 0:
		ink = palette()[s.look.colour]
	case s.look.faint:
		ink = faintColour
	}
	if s.look.reverse {
		fmt.Fprintf(b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=%q/>\n", x, top, length, cellHeight, ink)
		ink = groundColour
	}
	if strings.TrimSpace(s.text) == "" {
		return
	}
	weight := ""
	if s.look.bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\" fill=%q%s textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">", x, top+fontSize-1, ink, weight, length)
	_ = xml.EscapeText(b, []byte(s.text)) // a builder takes everything
	b.WriteString("</text>\n")
}
