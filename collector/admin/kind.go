package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
)

// A Type is what a field may hold.
type Type string

// The types, each with what a Body holds for it.
const (
	Text    Type = "text"    // string
	Integer Type = "integer" // int64, from Min to Max
	Bool    Type = "bool"    // bool
	Choice  Type = "choice"  // string, one of Choices
	List    Type = "list"    // []string, none of them twice
	Ref     Type = "ref"     // string, the key of a row of kind To
	Refs    Type = "refs"    // []string, keys of rows of kind To, none of them twice
)

// A Gone says what becomes of a row when what it refers to is deleted with
// cascade. In a list the one reference goes, and this decides of the last.
type Gone string

// What can become of it.
const (
	Removes Gone = ""       // the row is deleted too
	Clears  Gone = "clears" // the field is cleared
	Stands  Gone = "stands" // nothing: the deletion is refused all the same
)

const (
	maxText = 4 << 10 // bytes of a text or of one in a list
	maxList = 1000    // entries of a list
)

// A Field is one thing that a row says.
type Field struct {
	Name     string
	Short    string // what it means, in a line
	Type     Type
	Required bool     // must be said: it has no default
	Unique   bool     // no two rows of the kind say the same, nor list the same
	Choices  []string // of a Choice
	To       string   // the kind that a Ref or Refs is of
	Gone     Gone     // of a Ref or Refs
	Owner    bool     // a Ref that moves to another user when its user is deleted
	Min, Max int64    // of an Integer
	Default  any      // what a row says that leaves it out; nil: "", 0, false or none
	check    func(text string) error
	claim    func(text string) string // what of a Unique text is; nil: all
}

// A Kind is one sort of row.
type Kind struct {
	Name   string
	Short  string // what it is, in a line
	Fields []Field
	ID     bool   // keys are random; people name a row by its Label
	Label  string // the field by which a row is shown beside its key; "": none
	key    func(key string) error
	check  func(Row) error // of the row as a whole, after its fields
}

// Field returns one of the kind's fields.
func (k Kind) Field(name string) (Field, bool) {
	i := slices.IndexFunc(k.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return k.Fields[i], true
}

// Normal returns the row as it is stored: texts composed (NFC), what is at its
// default left out. A row that cannot be is ErrInvalid with the field's name.
// Whether what it refers to exists is not asked here.
func (k Kind) Normal(row Row) (Row, error) {
	row.Key = norm.NFC.String(row.Key)
	if err := k.checkKey(row.Key); err != nil {
		return Row{}, fmt.Errorf("%w: %s: the key %w", ErrInvalid, k.Name, err)
	}
	name := Name{k.Name, row.Key}
	body := make(Body, len(row.Body))
	for field, value := range row.Body {
		f, ok := k.Field(field)
		if !ok {
			return Row{}, fmt.Errorf("%w: %s: there is no field %q%s", ErrInvalid, shown(name), inert.Text(field), k.meant(field))
		}
		normal, err := f.normal(value)
		if err != nil {
			return Row{}, fmt.Errorf("%w: %s: %s %w", ErrInvalid, shown(name), f.Name, err)
		}
		if !f.isDefault(normal) {
			body[f.Name] = normal
		}
	}
	row.Kind, row.Body = k.Name, body
	return row, k.whole(row)
}

// whole checks what no field can tell alone.
func (k Kind) whole(row Row) error {
	name := k.called(row)
	for _, f := range k.Fields {
		if _, said := row.Body[f.Name]; f.Required && !said {
			return fmt.Errorf("%w: %s: %s is missing", ErrInvalid, name, f.Name)
		}
	}
	if size := len(row.Body.Canonical()); size > MaxBody {
		return fmt.Errorf("%w: %s: it is %d bytes: want at most %d", ErrInvalid, name, size, MaxBody)
	}
	if k.check != nil {
		if err := k.check(row); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInvalid, name, err)
		}
	}
	return nil
}

// called returns what people know a row by, harmless to look at: not by a key that
// is random, where there is something else.
func (k Kind) called(row Row) string {
	if label := row.Body.Text(k.Label); k.ID && label != "" {
		return k.Name + " " + inert.Text(label)
	}
	return shown(Name{k.Name, row.Key})
}

func (k Kind) checkKey(key string) error {
	if err := inert.Name(key); err != nil {
		return err
	}
	if k.key != nil {
		return k.key(key)
	}
	return nil
}

func (k Kind) meant(field string) string {
	names := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		names[i] = f.Name
	}
	if near, ok := nearest.Word(field, names); ok {
		return fmt.Sprintf(" (%s?)", near)
	}
	return ": it has " + strings.Join(names, ", ")
}

// shown is a name in a message.
func shown(n Name) string { return inert.Text(n.String()) }

func (f Field) normal(value any) (any, error) {
	switch v := value.(type) {
	case string:
		switch f.Type { //nolint:exhaustive // the others hold no text
		case Text, Choice, Ref:
			return f.normalText(v)
		}
	case int64:
		if f.Type == Integer {
			if v < f.Min || v > f.Max {
				return nil, fmt.Errorf("is %d: want %d to %d", v, f.Min, f.Max)
			}
			return v, nil
		}
	case bool:
		if f.Type == Bool {
			return v, nil
		}
	case []string:
		if f.Type == List || f.Type == Refs {
			return f.normalList(v)
		}
	}
	return nil, fmt.Errorf("holds a %T: want %s", value, f.Type)
}

func (f Field) normalText(text string) (string, error) {
	text = norm.NFC.String(text)
	if text == "" && !f.Required {
		return "", nil
	}
	if err := plain(text); err != nil {
		return "", err
	}
	if f.Type == Choice && !slices.Contains(f.Choices, text) {
		return "", fmt.Errorf("is %q: want %s", text, strings.Join(f.Choices, ", "))
	}
	if f.check != nil {
		return text, f.check(text)
	}
	return text, nil
}

func (f Field) normalList(list []string) ([]string, error) {
	if len(list) > maxList {
		return nil, fmt.Errorf("has %d entries: want at most %d", len(list), maxList)
	}
	normal := make([]string, len(list))
	for i, text := range list {
		text = norm.NFC.String(text)
		if err := plain(text); err != nil {
			return nil, err
		}
		if f.check != nil {
			if err := f.check(text); err != nil {
				return nil, err
			}
		}
		if slices.Contains(normal[:i], text) {
			return nil, fmt.Errorf("has %q twice", text)
		}
		normal[i] = text
	}
	return normal, nil
}

// plain says what is wrong with a text that people see in one line.
func plain(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty")
	case len(text) > maxText:
		return fmt.Errorf("is %d bytes long: want at most %d", len(text), maxText)
	case inert.Text(text) != text:
		return fmt.Errorf("is %q: want printable characters only", inert.Text(text))
	}
	return nil
}

// isDefault tells whether a row that leaves the field out says the same.
func (f Field) isDefault(value any) bool {
	switch v := value.(type) {
	case string:
		standard, _ := f.Default.(string)
		return v == standard
	case int64:
		standard, _ := f.Default.(int64)
		return v == standard
	case bool:
		standard, _ := f.Default.(bool)
		return v == standard
	case []string:
		return len(v) == 0
	}
	return false
}

// Value returns what a row says for the field, its default where left out.
func (f Field) Value(b Body) any {
	if v, ok := b[f.Name]; ok {
		return v
	}
	if f.Default != nil {
		return f.Default
	}
	switch f.Type {
	case Integer:
		return int64(0)
	case Bool:
		return false
	case List, Refs:
		return []string(nil)
	case Text, Choice, Ref:
	}
	return ""
}
