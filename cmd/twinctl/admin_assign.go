package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/nearest"
)

// The signs between a field and its value.
const (
	sets  = "="  // the field is this now; nothing behind it: its default
	adds  = "+=" // these entries come into the list
	takes = "-=" // these entries go from the list
)

// An assignment is one FIELD=VALUE of a command line.
type assignment struct {
	field admin.Field
	sign  string
	value any // as a Body holds it; nil: the default
}

// A reader returns what stands in the file of that name.
type reader func(name string) ([]byte, error)

// readAssignments understands the words of a command line.
func readAssignments(k admin.Kind, words []string, read reader) ([]assignment, error) {
	var all []assignment
	said := map[string]bool{}
	for _, word := range words {
		a, err := readAssignment(k, word, read)
		if err != nil {
			return nil, err
		}
		if a.sign == sets && said[a.field.Name] {
			return nil, fmt.Errorf("%s is said twice", a.field.Name)
		}
		said[a.field.Name] = true
		all = append(all, a)
	}
	return all, nil
}

func readAssignment(k admin.Kind, word string, read reader) (assignment, error) {
	name, text, ok := strings.Cut(word, "=")
	if !ok {
		return assignment{}, fmt.Errorf("%q: want FIELD=VALUE; a %s has %s", word, k.Name, strings.Join(fieldNames(k), ", "))
	}
	a := assignment{sign: sets}
	for _, sign := range []string{adds, takes} {
		if bare, ok := strings.CutSuffix(name, sign[:1]); ok {
			name, a.sign = bare, sign
		}
	}
	var err error
	if a.field, err = fieldNamed(k, name); err != nil {
		return a, err
	}
	if a.sign != sets && !isList(a.field) {
		return a, fmt.Errorf("%s is no list: want %s=VALUE", name, name)
	}
	a.value, err = readValue(a.field, text, read)
	if err != nil {
		return a, fmt.Errorf("%s: %w", name, err)
	}
	if a.value == nil && a.sign != sets {
		return a, fmt.Errorf("%s: nothing stands behind %s", name, a.sign)
	}
	return a, nil
}

func fieldNames(k admin.Kind) []string {
	names := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		names[i] = f.Name
	}
	return names
}

func kindNamed(name string) (admin.Kind, error) {
	if k, ok := admin.KindNamed(name); ok {
		return k, nil
	}
	if meant, ok := nearest.Word(name, kindNames()); ok {
		return admin.Kind{}, fmt.Errorf("there is no kind %q: did you mean %s?", name, meant)
	}
	return admin.Kind{}, fmt.Errorf("there is no kind %q: there are %s", name, strings.Join(kindNames(), ", "))
}

func fieldNamed(k admin.Kind, name string) (admin.Field, error) {
	if f, ok := k.Field(name); ok {
		return f, nil
	}
	if meant, ok := nearest.Word(name, fieldNames(k)); ok {
		return admin.Field{}, fmt.Errorf("a %s has no field %q: did you mean %s?", k.Name, name, meant)
	}
	return admin.Field{}, fmt.Errorf("a %s has no field %q: it has %s", k.Name, name, strings.Join(fieldNames(k), ", "))
}

func isList(f admin.Field) bool { return f.Type == admin.List || f.Type == admin.Refs }

// readValue reads what stands behind the sign: @FILE is what the file says, an
// entry of a list a line; @@ is a text that begins with an @.
func readValue(f admin.Field, text string, read reader) (any, error) {
	switch file, named := strings.CutPrefix(text, "@"); {
	case named && strings.HasPrefix(file, "@"):
		text = file
	case named:
		content, err := read(file)
		if err != nil {
			return nil, err
		}
		if isList(f) {
			return orNil(linesOf(admin.Composed(string(content)))), nil
		}
		text = strings.TrimRight(string(content), "\r\n")
	}
	text = admin.Composed(text)
	if text == "" {
		return nil, nil //nolint:nilnil // the default
	}
	switch f.Type {
	case admin.Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q: want a whole number from %d to %d", text, f.Min, f.Max)
		}
		return n, nil
	case admin.Bool:
		return readBool(text)
	case admin.List, admin.Refs:
		entries, err := readEntries(text)
		return orNil(entries), err
	case admin.Text, admin.Choice, admin.Ref:
	}
	return text, nil
}

// orNil keeps a list without entries from being a value.
func orNil(entries []string) any {
	if len(entries) == 0 {
		return nil
	}
	return entries
}

func readBool(text string) (any, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	return nil, fmt.Errorf("%q: want true or false", text)
}

// readEntries reads entries with commas between them. An entry with a comma in
// it stands in quotes, which are doubled within, as in CSV.
func readEntries(text string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	entries, err := r.Read()
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%q: %w; an entry with a comma or a quote stands in quotes, which are doubled within", text, wrong.Err)
	}
	if err != nil || r.InputOffset() != int64(len(text)) {
		return nil, fmt.Errorf("%q: want entries with commas between them, in one line", text)
	}
	for i := range entries {
		entries[i] = strings.TrimSpace(entries[i])
	}
	return slices.DeleteFunc(entries, func(e string) bool { return e == "" }), nil
}

// writeEntries is the reverse of readEntries.
func writeEntries(entries []string) string {
	if len(entries) == 0 {
		return ""
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(entries) // a buffer takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// linesOf returns the lines that say something: no blank ones, no comments.
func linesOf(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// assign returns the body with the assignments done, one after another, and the
// entries that were to go from a list and are not in it.
func assign(body admin.Body, all []assignment) (changed admin.Body, absent []string) {
	changed = admin.Body{}
	maps.Copy(changed, body)
	for _, a := range all {
		name := a.field.Name
		entries, _ := a.value.([]string)
		list := slices.Clone(changed.List(name))
		switch a.sign {
		case sets:
			if changed[name] = a.value; a.value == nil {
				delete(changed, name)
			}
			continue
		case adds:
			for _, e := range entries {
				if !slices.Contains(list, e) {
					list = append(list, e)
				}
			}
		case takes:
			for _, e := range entries {
				if !slices.Contains(list, e) {
					absent = append(absent, e)
				}
			}
			list = slices.DeleteFunc(list, func(e string) bool { return slices.Contains(entries, e) })
		}
		changed[name] = list
	}
	return changed, absent
}

// valueText writes a value so that it can be typed behind FIELD=.
func valueText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case []string:
		return writeEntries(v)
	}
	return ""
}
