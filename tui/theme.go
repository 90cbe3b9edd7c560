package tui

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A tone is what a piece of text means. It never stands alone: what it says by
// colour is also said by a sign or a word.
type tone int

const (
	usual  tone = iota
	strong      // names, titles: what the eye looks for
	quiet       // labels, what is over
	good
	warn
	bad
	tones // how many there are
)

// A Theme is how the tones look.
type Theme struct {
	Name   string
	styles [tones]lipgloss.Style
	styled bool
}

// Colour is the theme for terminals with colours. It uses the sixteen that the
// terminal's owner chose, so that it is legible on light and dark.
func Colour() Theme {
	r := renderer()
	return Theme{Name: "colour", styled: true, styles: [tones]lipgloss.Style{
		usual:  r.NewStyle(),
		strong: r.NewStyle().Bold(true),
		quiet:  r.NewStyle().Faint(true),
		good:   r.NewStyle().Foreground(lipgloss.Color("2")),
		warn:   r.NewStyle().Foreground(lipgloss.Color("3")).Bold(true),
		bad:    r.NewStyle().Foreground(lipgloss.Color("1")).Bold(true),
	}}
}

// Mono is the theme without colours: bold, faint and reverse only.
func Mono() Theme {
	r := renderer()
	return Theme{Name: "mono", styled: true, styles: [tones]lipgloss.Style{
		usual:  r.NewStyle(),
		strong: r.NewStyle().Bold(true),
		quiet:  r.NewStyle().Faint(true),
		good:   r.NewStyle(),
		warn:   r.NewStyle().Bold(true),
		bad:    r.NewStyle().Reverse(true),
	}}
}

// renderer does not ask the environment: which theme it is was decided.
func renderer() *lipgloss.Renderer {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI)
	r.SetHasDarkBackground(true)
	return r
}

// Plain is the theme for whoever wants text and nothing else.
func Plain() Theme { return Theme{Name: "plain"} }

// paint puts the tone on a text.
func (t Theme) paint(text string, as tone) string {
	if !t.styled || as == usual || text == "" {
		return text
	}
	return t.styles[as].Render(text)
}
