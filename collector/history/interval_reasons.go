package history

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/record"
)

// A reasonReader reads lengths by reason, as reasonsText writes them, of month
// after month: a reason that is said again and again is one text.
type reasonReader struct {
	names map[string]string
	parts []reasonPart // of the text that was read last; the next takes their room
}

type reasonPart struct {
	reason string
	length int64 // an Instant reads texts
}

// read returns what a text says, until the next is read.
func (r *reasonReader) read(text []byte) ([]reasonPart, error) {
	r.parts = r.parts[:0]
	if r.plain(text) {
		return r.parts, nil
	}
	lengths := map[string]int64{}
	if err := json.Unmarshal(text, &lengths); err != nil {
		return nil, err
	}
	r.parts = r.parts[:0]
	for reason, length := range lengths {
		r.parts = append(r.parts, reasonPart{reason, length})
	}
	return r.parts, nil
}

// plain reads an object such as reasonsText writes of reasons in which nothing
// must be escaped, and tells whether it was one.
func (r *reasonReader) plain(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte(`{`))
	for ok {
		var part reasonPart
		if part, rest, ok = r.part(rest); !ok || len(rest) == 0 {
			return false
		}
		r.parts = append(r.parts, part)
		if rest[0] == '}' {
			return len(rest) == 1 && r.apart()
		}
		rest, ok = bytes.CutPrefix(rest, []byte(`,`))
	}
	return false
}

// part reads one reason and its length, and returns what is behind them.
func (r *reasonReader) part(text []byte) (part reasonPart, rest []byte, ok bool) {
	if text, ok = bytes.CutPrefix(text, []byte(`"`)); !ok {
		return part, nil, false
	}
	end := bytes.IndexByte(text, '"')
	if end < 0 || !literal(text[:end]) {
		return part, nil, false
	}
	part.reason = r.name(text[:end])
	if text, ok = bytes.CutPrefix(text[end+1:], []byte(`:`)); !ok {
		return part, nil, false
	}
	n := bytes.IndexAny(text, ",}")
	if n < 0 || !digits(text[:n]) {
		return part, nil, false
	}
	length, err := strconv.ParseInt(string(text[:n]), 10, 64)
	part.length = length
	return part, text[n:], err == nil
}

// apart tells whether no reason is there twice: the last would hold.
func (r *reasonReader) apart() bool {
	for i := range r.parts {
		for _, o := range r.parts[:i] {
			if o.reason == r.parts[i].reason {
				return false
			}
		}
	}
	return true
}

// maxReasons is how many texts a reasonReader keeps: people make few, and a
// feed may make them up.
const maxReasons = 1000

func (r *reasonReader) name(text []byte) string {
	if name, ok := r.names[string(text)]; ok {
		return name
	}
	name := string(text)
	if r.names == nil || len(r.names) == maxReasons {
		r.names = map[string]string{}
	}
	r.names[name] = name
	return name
}

// literal tells whether a text within quotes stands for itself.
func literal(text []byte) bool {
	for _, b := range text {
		if b < ' ' || b == '\\' {
			return false
		}
	}
	return utf8.Valid(text)
}

// digits tells whether a text is a whole number as JSON has it.
func digits(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte(`-`))
	for _, b := range text {
		if b < '0' || b > '9' {
			return false
		}
	}
	return len(text) == 1 || len(text) > 1 && text[0] != '0'
}

// lengths returns what a text says as a map, nil where that is nothing.
func (r *reasonReader) lengths(text []byte) (map[string]record.Instant, error) {
	if len(text) <= len(`{}`) {
		return nil, nil
	}
	parts, err := r.read(text)
	if err != nil {
		return nil, err
	}
	all := make(map[string]record.Instant, len(parts))
	for _, p := range parts {
		all[p.reason] = record.Instant(p.length)
	}
	return all, nil
}
