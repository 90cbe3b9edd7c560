package acd

import (
	"strings"
	"unicode/utf8"
)

const longestText = 256 // bytes

// texts makes the texts of one event, in one piece of memory. The zero value is
// ready; grow spares it from taking another piece.
type texts struct{ strings.Builder }

// grow makes room for texts of these.
func (t *texts) grow(all ...[]byte) {
	n := 0
	for _, b := range all {
		n += min(len(b), longestText)
	}
	t.Grow(n)
}

// of returns what an upstream said as the events hold it.
func (t *texts) of(b []byte) string {
	if len(b) > longestText {
		b = clip(b)
	}
	for _, c := range b {
		if c >= utf8.RuneSelf || c == 0 {
			b = legible(b)
			break
		}
	}
	from := t.Len()
	t.Write(b)
	return t.String()[from:]
}

// text is for an event that has only one.
func text(b []byte) string {
	var t texts
	return t.of(b)
}

// clip cuts b to what a text may hold, at the end of a character.
func clip(b []byte) []byte {
	n := longestText
	for n > longestText-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// legible puts a replacement where there is no character, and where there is a
// NUL, which would end the text for SQL's functions.
func legible(b []byte) []byte {
	const replacement = string(utf8.RuneError)
	s := string(b)
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return b
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
	if b = []byte(s); len(b) > longestText { // one byte became three
		b = clip(b)
	}
	return b
}

// trim takes blanks and control characters off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}
