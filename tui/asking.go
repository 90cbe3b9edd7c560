package tui

import (
	"strings"
	"time"
)

// ripeAfter is how long a plan must have been in sight, and no key pressed,
// before a yes to it counts: one that was typed before is not about it.
const ripeAfter = 500 * time.Millisecond

// An asking is an act that is not done yet: first its questions, then its rung.
type asking struct {
	act
	serial  int // its own
	answers []string
	entry   entry // for the next question, or for the name
	wrong   string
	words   []string // what the plan says
	whole   bool     // that is all of it
	failed  bool     // there is no plan: it would not work
	ripe    bool
	since   int // counts keys and lines: a moment of ripeness is about one of these
	top     int // lines of the plan that are scrolled away
}

// ask begins an act.
func ask(a act) asking {
	k := asking{act: a}
	if k.what == "" {
		k.what = "yes" // of what has no name
	}
	if len(a.asks) > 0 {
		k.entry = newEntry(a.asks[0].first)
	}
	return k
}

// question returns what is to be answered next; nil: all is.
func (k asking) question() *question {
	if len(k.answers) < len(k.asks) {
		return &k.asks[len(k.answers)]
	}
	return nil
}

// An outcome is what a key comes to.
type outcome int

const (
	still outcome = iota // it is asked on
	gone                 // it is not done
	agreed
	wantsPlan // the questions are answered: show what it would do
)

// press takes a key.
func (k asking) press(key string) (asking, outcome) {
	if key == "esc" {
		return k, gone
	}
	if q := k.question(); q != nil {
		return k.answer(*q, key)
	}
	k.since++
	switch k.rung {
	case afterName:
		return k.named(key)
	case afterPlan:
		was := k.ripe
		k.ripe, k.wrong = false, ""
		switch {
		case key != "y" || k.failed:
		case k.whole && was:
			return k, agreed
		default:
			k.wrong = "a moment, to read it: then y again"
		}
	default:
		k.wrong = ""
		if key == "y" {
			return k, agreed
		}
	}
	switch key {
	case "n", "N":
		return k, gone
	case "y", "j", "down", "k", "up", "pgdown", " ", "pgup":
		return k.scroll(key), still
	}
	k.wrong = "y or n: nothing else says it"
	return k, still
}

// scroll moves a plan that does not fit.
func (k asking) scroll(key string) asking {
	switch key {
	case "j", "down":
		k.top++
	case "k", "up":
		k.top--
	case "pgdown", " ":
		k.top += pageRows
	case "pgup":
		k.top -= pageRows
	}
	k.top = max(0, min(k.top, len(k.words)-1))
	return k
}

// hidden is how many lines of the plan there is no room for.
func (k asking) hidden(width, height int) int {
	const around = 5 // its name, its line, the question, and a blank line after each of the two
	return max(0, len(wrapped(k.words, width))-max(0, height-around))
}

// answer takes a key of an answer. Enter ends one; it never agrees to anything.
func (k asking) answer(q question, key string) (asking, outcome) {
	if key != "enter" {
		k.entry, _ = k.entry.press(key)
		k.wrong = ""
		return k, still
	}
	said := strings.TrimSpace(k.entry.String())
	if said == "" && q.must {
		k.wrong = "that must be said"
		return k, still
	}
	k.answers = append(k.answers, said)
	k.entry = entry{}
	if next := k.question(); next != nil {
		k.entry = newEntry(next.first)
		return k, still
	}
	return k, k.next()
}

// next is what comes when nothing is left to be answered.
func (k asking) next() outcome {
	switch k.rung {
	case atOnce:
		return agreed
	case afterPlan, afterName:
		return wantsPlan
	default:
		return still
	}
}

// named takes a key of the name that must be typed.
func (k asking) named(key string) (asking, outcome) {
	switch key {
	case "enter":
		if said := k.entry.String(); (said == k.what || said == foreign(k.what)) && k.whole && !k.failed {
			return k, agreed
		}
		k.wrong = "that is not its name"
		return k, still
	case "down", "up", "pgdown", "pgup":
		return k.scroll(key), still
	}
	k.entry, _ = k.entry.press(key)
	k.wrong = ""
	return k, still
}

// draw shows what is asked, in height lines.
func (k asking) draw(as sight, height int, flags string) []line {
	lines := []line{{{" " + k.act.name, strong}}}
	if k.args != nil {
		lines = append(lines, line{{" ", usual}, {typed(k.line(k.answers), flags), quiet}})
	}
	if k.says != "" {
		lines = append(lines, line{{" ", usual}, {foreign(k.says), usual}})
	}
	lines = append(lines, nil)
	if q := k.question(); q != nil {
		prompt := " " + q.prompt + ": "
		lines = append(lines, append(line{{prompt, strong}}, k.entry.draw(as.width-wide(prompt)-1)...))
		if k.wrong != "" {
			lines = append(lines, line{{" ! " + k.wrong, warn}})
		}
		return fit(lines, height)
	}
	var foot []line
	switch k.rung {
	case afterName:
		prompt := " type " + foreign(k.what) + " to do it: "
		foot = append(foot, append(line{{prompt, strong}}, k.entry.draw(as.width-wide(prompt)-1)...))
		if k.wrong != "" {
			foot = append(foot, line{{" ! " + k.wrong, warn}})
		}
	default:
		foot = append(foot, line{{" do it? ", strong}, {"y yes   n no", usual}})
	}
	if k.rung != afterName && k.wrong != "" {
		foot[0] = append(foot[0], piece{"   " + k.wrong, warn})
	}
	if k.rung < afterPlan {
		return fit(append(lines, foot...), height)
	}
	if k.failed {
		foot = []line{{{" x it would not work", bad}, {"   esc back", usual}}}
	} else if !k.whole {
		foot = []line{{{" looking what it would do ...", quiet}}}
	}
	room := max(0, height-len(lines)-len(foot)-1)
	shown := wrapped(k.words, as.width)
	first := min(k.top, max(0, len(shown)-room))
	if more := beyond(first, max(0, len(shown)-room-first)); more != "" {
		foot[0] = append(foot[0], piece{"   (" + more + ")", quiet})
	}
	lines = append(lines, shown[first:min(len(shown), first+room)]...)
	return fit(append(append(lines, nil), foot...), height)
}

// beyond says how much of a plan is out of sight, and by which keys it comes.
func beyond(above, below int) string {
	var all []string
	if above > 0 {
		all = append(all, "up: "+counted(above, "line")+" more")
	}
	if below > 0 {
		all = append(all, "down: "+counted(below, "line")+" more")
	}
	return strings.Join(all, ", ")
}

// wrapped breaks lines of foreign text to a width.
func wrapped(texts []string, width int) []line {
	var lines []line
	for _, text := range texts {
		for _, part := range wrap(foreign(strings.ReplaceAll(text, "\t", "    ")), width-2) {
			lines = append(lines, line{{" ", usual}, {part, usual}})
		}
	}
	return lines
}

// fit returns the last lines where there is no room for all: what is asked stands there.
func fit(lines []line, height int) []line { return lines[max(0, len(lines)-height):] }
