package tui

import (
	"strings"
	"time"
)

const clockLayout = "2006-01-02 15:04:05 UTC"

// slow is how old the picture may be before it says so.
const slow = 3 * time.Second

// top is what a person reads first: where am I, is all well, what do I type.
func (v view) top(width int) []line {
	found := v.findings()
	lines := []line{v.title(width)}
	lines = append(lines, verdict(found, width)...)
	return append(lines, v.next(found))
}

func (v view) title(width int) line {
	who := ""
	if v.known() {
		who = "you are on " + foreign(v.Own.Name) + ", " + strings.ToUpper(foreign(string(v.Own.Role)))
	}
	if v.Own.Role == "secondary" {
		who += ": administer on " + v.twinName()
	}
	clock := v.Now.UTC().Format(clockLayout)
	l := line{{" twin  ", strong}, {who, usual}}
	if room := width - l.columns() - 1; room > wide(clock) {
		l = append(l, piece{right(clock, room), quiet})
	}
	return l
}

// twinName is the other server's name, "its twin" if that is not known.
func (v view) twinName() string {
	for _, s := range v.sides() {
		if !s.here && s.name != "" {
			return s.name
		}
	}
	return "its twin"
}

// verdict says in a word and a sentence how things are. The sentence has two lines.
func verdict(found []finding, width int) []line {
	const sentence = 2
	first := found[0]
	sign := [...]piece{
		well:    {" + WELL       ", good},
		look:    {" ! ATTENTION  ", warn},
		trouble: {" x TROUBLE    ", bad},
	}[first.grade]
	text := first.text
	if n := len(found) - 1; n > 0 {
		text += " (and " + count(int64(n)) + " more)"
	}
	var lines []line
	for i, part := range wrap(text, width-wide(sign.text)-1) {
		if i == sentence {
			break
		}
		if i > 0 {
			sign.text = strings.Repeat(" ", wide(sign.text))
		}
		lines = append(lines, line{sign, {part, strong}})
	}
	if lines == nil {
		lines = []line{{sign}}
	}
	return lines
}

// next is what to type: the first thing that anybody can do about it.
func (v view) next(found []finding) line {
	l := line{{"   next       ", quiet}}
	for _, f := range found {
		if f.next == "" {
			continue
		}
		command := f.next
		switch {
		case f.on != "":
		case strings.HasPrefix(command, "twinctl "):
			command += v.flags
		case v.local != nil:
			command = foreign(v.local(command))
		}
		l = append(l, piece{command, strong})
		if f.on != "" {
			l = append(l, piece{"   (on " + f.on + ")", usual})
		}
		return l
	}
	return append(l, piece{"nothing to do", usual})
}

// keys is the last line: what can be pressed, and whether the picture is old.
func (v view) keys(p plan) line {
	text := " q leave   ? help"
	if v.help {
		text = " q leave   any other key: back"
	} else if p.focus >= 0 {
		text += "   j k scroll"
		if p.scrolls(p.focus+1) != p.focus {
			text += "   tab next list"
		}
	}
	l := line{{text, quiet}}
	if age := v.Now.Sub(v.Looked); !v.Looked.IsZero() && age > slow {
		l = append(l, piece{"   ! this picture is " + length(age) + " old", warn})
	}
	return l
}
