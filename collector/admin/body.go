package admin

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxBody is how many canonical bytes a body may have.
const MaxBody = 64 << 10

// A Body is what a row says: by field a string, int64, bool or []string. A
// field that is at its default is left out, so that a new field changes no
// hash. A nil Body is no row at all, an empty one a row of nothing but defaults.
type Body map[string]any

// Canonical returns the bytes that are stored, hashed and carried: JSON with
// the keys in order and every text in Unicode's composed form (NFC). Of a nil
// Body they are nil. A value of another type than a Body may have is a
// programming error and panics: ParseBody and Change let none in.
func (b Body) Canonical() []byte {
	if b == nil {
		return nil
	}
	out := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(b)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, name), ':')
		out = appendValue(out, b[name])
	}
	return append(out, '}')
}

func appendValue(out []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(out, v)
	case int64:
		return strconv.AppendInt(out, v, 10)
	case bool:
		return strconv.AppendBool(out, v)
	case []string:
		out = append(out, '[')
		for i, text := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendText(out, text)
		}
		return append(out, ']')
	}
	panic(fmt.Sprintf("admin: a body holds a %T", value))
}

// appendText escapes what JSON must have escaped and nothing else. What is not
// UTF-8 becomes U+FFFD, as in every JSON.
func appendText(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range norm.NFC.String(text) {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}

// ParseBody reads canonical bytes, and no others: what came from elsewhere has
// one form or none. "null" and nothing are the nil Body.
func ParseBody(text []byte) (Body, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil //nolint:nilnil // no row
	}
	if len(text) > MaxBody {
		return nil, fmt.Errorf("body of %d bytes: want at most %d", len(text), MaxBody)
	}
	b, err := decodeBody(text)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if !bytes.Equal(b.Canonical(), text) {
		return nil, errors.New("body: not in its canonical form")
	}
	return b, nil
}

func decodeBody(text []byte) (Body, error) {
	if b, ok := decodePlain(text); ok {
		return b, nil
	}
	return decodeAny(text)
}

// decodeAny reads a body in whatever form JSON allows.
func decodeAny(text []byte) (Body, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows it")
	}
	b := make(Body, len(fields))
	for name, value := range fields {
		v, err := decodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", name, err)
		}
		b[name] = v
	}
	return b, nil
}

func decodeValue(value any) (any, error) {
	switch v := value.(type) {
	case string, bool:
		return v, nil
	case json.Number:
		return v.Int64()
	case []any:
		list := make([]string, len(v))
		for i, x := range v {
			text, ok := x.(string)
			if !ok {
				return nil, errors.New("a list holds something else than texts")
			}
			list[i] = text
		}
		return list, nil
	}
	return nil, errors.New("want a text, a whole number, true, false or a list of texts")
}

// MarshalJSON implements json.Marshaler: the canonical bytes, null for nil.
func (b Body) MarshalJSON() ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	return b.Canonical(), nil
}

// UnmarshalJSON reads any JSON that says a body, in whatever form.
func (b *Body) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*b = nil
		return nil
	}
	decoded, err := decodeBody(text)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	*b = decoded
	return nil
}

// Text returns a field's text, "" where it is at its default or no text.
func (b Body) Text(field string) string {
	text, _ := b[field].(string)
	return text
}

// Integer returns a field's number, 0 where it is at its default or no number.
func (b Body) Integer(field string) int64 {
	n, _ := b[field].(int64)
	return n
}

// Bool returns a field's truth, false where it is at its default or none.
func (b Body) Bool(field string) bool {
	is, _ := b[field].(bool)
	return is
}

// List returns a field's texts, nil where it is at its default or no list.
func (b Body) List(field string) []string {
	list, _ := b[field].([]string)
	return list
}

// appendBytes appends data behind its length, so that no two lists of them
// come out alike.
func appendBytes(out, data []byte) []byte {
	return append(binary.BigEndian.AppendUint64(out, uint64(len(data))), data...)
}
