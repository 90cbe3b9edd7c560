package admin

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodePlain reads a body of which no text has an escape and no number a sign,
// which is nearly every one that is stored; ok is false for any other text, and
// for what is no body. It is for who reads a hundred thousand of them. Its texts
// share the memory of one.
func decodePlain(text []byte) (b Body, ok bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	p := unread{rest: string(text)}
	b = Body{}
	if !p.take("{") {
		return nil, false
	}
	if p.take("}") {
		return b, p.rest == ""
	}
	for {
		name, ok := p.text()
		if !ok || !p.take(":") {
			return nil, false
		}
		if b[name], ok = p.value(); !ok {
			return nil, false
		}
		if p.take("}") {
			return b, p.rest == ""
		}
		if !p.take(",") {
			return nil, false
		}
	}
}

// unread is what is still to be read.
type unread struct{ rest string }

// take takes a word off if it comes next.
func (p *unread) take(word string) (is bool) {
	p.rest, is = strings.CutPrefix(p.rest, word)
	return is
}

func (p *unread) value() (any, bool) {
	switch {
	case p.rest == "":
		return nil, false
	case p.rest[0] == '"':
		return p.text()
	case p.rest[0] == '[':
		return p.list()
	case p.take("true"):
		return true, true
	case p.take("false"):
		return false, true
	}
	return p.number()
}

// text takes a text off; it ends at the first quote, for nothing is escaped.
func (p *unread) text() (string, bool) {
	if !p.take(`"`) {
		return "", false
	}
	for i := range len(p.rest) {
		switch c := p.rest[i]; {
		case c == '"':
			text := p.rest[:i]
			p.rest = p.rest[i+1:]
			return text, true
		case c == '\\' || c < ' ':
			return "", false
		}
	}
	return "", false
}

func (p *unread) list() (all []string, ok bool) {
	p.take("[")
	all = []string{}
	if p.take("]") {
		return all, true
	}
	for {
		text, ok := p.text()
		if !ok {
			return nil, false
		}
		if all = append(all, text); p.take("]") {
			return all, true
		}
		if !p.take(",") {
			return nil, false
		}
	}
}

// number takes digits off, of which the first is no zero unless it is the only
// one.
func (p *unread) number() (int64, bool) {
	digits := 0
	for digits < len(p.rest) && p.rest[digits] >= '0' && p.rest[digits] <= '9' {
		digits++
	}
	text := p.rest[:digits]
	if text == "" || text[0] == '0' && digits > 1 {
		return 0, false
	}
	p.rest = p.rest[digits:]
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
