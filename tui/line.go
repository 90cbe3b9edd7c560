package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/twinctl/twin/collector/inert"
)

// more stands where a text was cut.
const more = "~"

// A piece is text in one tone.
type piece struct {
	text string
	tone tone
}

// A line is what stands in one row of the screen.
type line []piece

// foreign makes text harmless that an upstream or a person wrote.
func foreign(s string) string { return inert.Text(s) }

// wide returns how many columns a text takes.
func wide(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// plain reports whether each byte of s is a column: nearly all that is shown is so,
// and nobody has to find out where the characters of that begin.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cut returns s in at most n columns, with a mark where something was cut off.
func cut(s string, n int) string {
	switch {
	case n <= 0:
		return ""
	case !plain(s):
		return ansi.Truncate(s, n, more)
	case len(s) <= n:
		return s
	}
	return s[:n-len(more)] + more
}

// shorten returns s in at most n columns; it cuts out of the middle, because
// names that begin alike tend to differ at the end.
func shorten(s string, n int) string {
	whole := wide(s)
	if whole <= n {
		return s
	}
	head := n / 2
	tail := n - head - len(more)
	if tail <= 0 {
		return cut(s, n)
	}
	return ansi.Truncate(s, head, "") + more + ansi.TruncateLeft(s, whole-tail, "")
}

// left returns s in exactly n columns, from the left.
func left(s string, n int) string {
	s = cut(s, n)
	return s + strings.Repeat(" ", max(0, n-wide(s)))
}

// right returns s in exactly n columns, up to the right.
func right(s string, n int) string {
	s = cut(s, n)
	return strings.Repeat(" ", max(0, n-wide(s))) + s
}

// wrap breaks a text between words into lines of at most n columns; a word
// that is longer is broken itself. A time or a server's name is one word, with
// its hyphens: ansi would break behind each of these.
func wrap(s string, n int) []string {
	if n <= 0 {
		return nil
	}
	const held = "\u2011" // the hyphen that breaks no line
	text := ansi.Wrap(strings.ReplaceAll(s, "-", held), n, " ")
	return strings.Split(strings.ReplaceAll(text, held, "-"), "\n")
}

// cells joins pieces of a fixed width, each a column, with a space between.
func cells(pieces ...piece) line {
	l := make(line, 0, 2*len(pieces))
	for i, p := range pieces {
		if i > 0 {
			l = append(l, piece{text: " "})
		}
		l = append(l, p)
	}
	return l
}

// columns returns how many columns the line takes.
func (l line) columns() int {
	n := 0
	for _, p := range l {
		n += wide(p.text)
	}
	return n
}

// to returns the line in exactly n columns. Whatever reaches the terminal comes
// through here: what was not made inert before is now.
func (l line) to(n int) line {
	fitted, room := make(line, 0, len(l)+1), n
	for _, p := range l {
		p.text = cut(foreign(p.text), room)
		if room -= wide(p.text); p.text != "" {
			fitted = append(fitted, p)
		}
	}
	if room > 0 {
		fitted = append(fitted, piece{text: strings.Repeat(" ", room)})
	}
	return fitted
}

// draw returns the line as the terminal gets it, in at most n columns.
func (l line) draw(theme Theme, n int) string {
	fitted := l.to(n)
	for len(fitted) > 0 { // nobody sees trailing space, and each byte crosses the link
		last := &fitted[len(fitted)-1]
		if last.text = strings.TrimRight(last.text, " "); last.text != "" {
			break
		}
		fitted = fitted[:len(fitted)-1]
	}
	var b strings.Builder
	for _, p := range fitted {
		b.WriteString(theme.paint(p.text, p.tone))
	}
	return b.String()
}

// tail returns the end of s in at most n columns, with a mark where something
// was cut off.
func tail(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if over := wide(s) - n; over > 0 {
		return ansi.TruncateLeft(s, over+len(more), more)
	}
	return s
}

// text returns what the line says.
func (l line) text() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.text)
	}
	return b.String()
}
