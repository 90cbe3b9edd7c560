// Package inert makes foreign text harmless to look at: whatever an upstream
// or a person wrote reaches a terminal, a log or a table without the power to
// move the cursor, end the line or turn the writing direction.
package inert

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the length in bytes that a name may have.
const MaxName = 256

// Text returns s with everything that a terminal would act upon, or that a
// reader could not see, written as an escape: \n, \x1b, \u202e; a byte that is
// not UTF-8 as \xff. What Text returned comes out of Text unchanged.
func Text(s string) string {
	if _, ok := hidden(s); !ok {
		return s
	}
	var b strings.Builder
	for rest := s; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		b.WriteString(shown(r, rest[:size]))
		rest = rest[size:]
	}
	return b.String()
}

// JSON returns an encoded document in which the same characters stand as JSON
// escapes. Its meaning is unchanged: outside strings JSON has none of them but
// the white space, which stays. It may return doc itself.
func JSON(doc []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(doc); {
		r, size := utf8.DecodeRune(doc[i:])
		if r >= 0x7f && r != utf8.RuneError && !visible(r, size) {
			out = append(out, doc[done:i]...)
			out = appendEscape(out, r)
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return doc
	}
	return append(out, doc[done:]...)
}

// Name says what is wrong with s as the name of a server, a feed or anything
// else that people administer; nil means that it is a good one.
func Name(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("is empty")
	case len(s) > MaxName:
		return fmt.Errorf("is %d bytes long: want at most %d", len(s), MaxName)
	}
	if i, ok := hidden(s); ok {
		r, size := utf8.DecodeRuneInString(s[i:])
		return fmt.Errorf("holds %s at byte %d: want printable characters only", shown(r, s[i:i+size]), i)
	}
	return nil
}

// hidden returns where the first character of s stands that is not visible.
func hidden(s string) (at int, ok bool) {
	for i := 0; i < len(s); {
		if ' ' <= s[i] && s[i] <= '~' {
			i++ // nearly all there is, and nothing to look up
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !visible(r, size) {
			return i, true
		}
		i += size
	}
	return 0, false
}

// visible reports whether r shows itself and nothing else. The two joiners
// are let through because Persian, Indic scripts and emoji are not written
// without them.
func visible(r rune, size int) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r == utf8.RuneError && size == 1 {
		return false
	}
	return unicode.IsGraphic(r) || r == nonJoiner || r == joiner
}

// shown returns how r, whose bytes are raw, is written.
func shown(r rune, raw string) string {
	switch {
	case visible(r, len(raw)):
		return raw
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	}
	return strings.Trim(strconv.QuoteRuneToASCII(r), "'")
}

func appendEscape(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
