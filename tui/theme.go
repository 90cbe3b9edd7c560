package tui

import (
	"io"
	"strings"

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
	picked // what the keys are about; a sign stands before it too
	tones  // how many there are
)

// A Theme is how the tones look.
type Theme struct {
	Name   string
	inks   [tones]ink
	styled bool
}

// An ink is what stands around a text that has a style. What is painted is one
// line of inert text: nothing in it has to be looked at for that.
type ink struct{ before, behind string }

// inks asks each style once how it looks.
func inks(styles [tones]lipgloss.Style) (all [tones]ink) {
	const text = "text"
	for i, s := range styles {
		all[i].before, all[i].behind, _ = strings.Cut(s.Render(text), text)
	}
	return all
}

// Colour is the theme for terminals with colours. It uses the sixteen that the
// terminal's owner chose, so that it is legible on light and dark.
func Colour() Theme { return coloured("colour", "2", "3", "1") }

// Dark uses the bright colours, for a dark background.
func Dark() Theme { return coloured("dark", "10", "11", "9") }

// Light uses those that can be read on a light background.
func Light() Theme { return coloured("light", "4", "5", "1") }

func coloured(name, well, wary, wrong string) Theme {
	r := renderer()
	return Theme{Name: name, styled: true, inks: inks([tones]lipgloss.Style{
		usual:  r.NewStyle(),
		strong: r.NewStyle().Bold(true),
		quiet:  r.NewStyle().Faint(true),
		good:   r.NewStyle().Foreground(lipgloss.Color(well)),
		warn:   r.NewStyle().Foreground(lipgloss.Color(wary)).Bold(true),
		bad:    r.NewStyle().Foreground(lipgloss.Color(wrong)).Bold(true),
		picked: r.NewStyle().Reverse(true),
	})}
}

// Mono is the theme without colours: bold, faint and reverse only.
func Mono() Theme {
	r := renderer()
	return Theme{Name: "mono", styled: true, inks: inks([tones]lipgloss.Style{
		usual:  r.NewStyle(),
		strong: r.NewStyle().Bold(true),
		quiet:  r.NewStyle().Faint(true),
		good:   r.NewStyle(),
		warn:   r.NewStyle().Bold(true),
		bad:    r.NewStyle().Reverse(true),
		picked: r.NewStyle().Reverse(true),
	})}
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
	return t.inks[as].before + text + t.inks[as].behind
}

// Themes are all of them, in the order in which a key goes through them.
func Themes() []Theme { return []Theme{Colour(), Dark(), Light(), Mono(), Plain()} }
