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
	return append(verdict(found, width), v.next(found))
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
	parts := wrap(text, width-wide(sign.text)-1)
	if len(parts) > sentence {
		parts[sentence-1] = cut(parts[sentence-1]+" "+parts[sentence], width-wide(sign.text)-1)
	}
	for i, part := range parts[:min(len(parts), sentence)] {
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
	command, on := v.remedy(found)
	switch {
	case command == "":
		return append(l, piece{"nothing to do", usual})
	case on != "":
		return append(l, piece{command, strong}, piece{"   (on " + on + ")", usual})
	}
	return append(l, piece{command, strong})
}

// remedy returns what to type, and the server that it is to be typed on where that
// is not this one.
func (v view) remedy(found []finding) (command, on string) {
	for _, f := range found {
		switch {
		case f.next == "":
		case f.on != "":
			return f.next, f.on
		case strings.HasPrefix(f.next, "twinctl "):
			return f.next + v.flags, ""
		case v.local != nil:
			return foreign(v.local(f.next)), ""
		default:
			return f.next, ""
		}
	}
	return "", ""
}

// command is the line that stands there to be typed; "" if there is none.
func (v view) command() string {
	command, _ := v.remedy(v.findings())
	return command
}
