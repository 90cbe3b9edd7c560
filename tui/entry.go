package tui

import (
	"slices"
	"unicode/utf8"
)

// maxTyped is how many characters can be typed into an entry.
const maxTyped = 4096

// An entry is a line that a person types.
type entry struct {
	text   []rune
	cursor int // before this character
}

func newEntry(text string) entry {
	runes := []rune(text)
	return entry{runes, len(runes)}
}

// String returns what was typed.
func (e entry) String() string { return string(e.text) }

// press takes a key, and reports whether it was one for typing.
func (e entry) press(key string) (entry, bool) {
	switch key {
	case "left":
		e.cursor = max(0, e.cursor-1)
	case "right":
		e.cursor = min(len(e.text), e.cursor+1)
	case "home":
		e.cursor = 0
	case "end":
		e.cursor = len(e.text)
	case "backspace":
		if e.cursor > 0 {
			e.text = slices.Delete(slices.Clone(e.text), e.cursor-1, e.cursor)
			e.cursor--
		}
	case "delete":
		if e.cursor < len(e.text) {
			e.text = slices.Delete(slices.Clone(e.text), e.cursor, e.cursor+1)
		}
	case "ctrl+u":
		e.text, e.cursor = slices.Clone(e.text[e.cursor:]), 0
	case "ctrl+w":
		from := e.cursor
		for from > 0 && e.text[from-1] == ' ' {
			from--
		}
		for from > 0 && e.text[from-1] != ' ' {
			from--
		}
		e.text, e.cursor = slices.Delete(slices.Clone(e.text), from, e.cursor), from
	default:
		if utf8.RuneCountInString(key) != 1 {
			return e, false
		}
		return e.insert(key), true
	}
	return e, true
}

// insert types a text.
func (e entry) insert(text string) entry {
	runes := []rune(text)
	if len(e.text)+len(runes) > maxTyped {
		return e
	}
	e.text = slices.Insert(slices.Clone(e.text), e.cursor, runes...)
	e.cursor += len(runes)
	return e
}

// draw shows the entry in n columns, with a mark where the cursor is and the
// part around it in sight.
func (e entry) draw(n int) line {
	const here = "_"
	before, under, after := foreign(string(e.text[:e.cursor])), here, ""
	if e.cursor < len(e.text) {
		under, after = foreign(string(e.text[e.cursor:e.cursor+1])), foreign(string(e.text[e.cursor+1:]))
	}
	if over := wide(before) + wide(under) - n; over > 0 {
		before = tail(before, wide(before)-over)
	}
	return line{{before, usual}, {under, picked}, {after, usual}}.to(max(0, n))
}
