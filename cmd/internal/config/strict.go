package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// A keyError blames a key within the value that was looked at.
type keyError struct {
	key string
	err error
}

// decode fills the struct that into points to. Keys that it does not have and
// values of the wrong type are refused, all of them, in words for people who
// do not write Go.
func decode(values map[string]any, into any) []keyError {
	if wrong := mismatches("", values, reflect.TypeOf(into).Elem()); len(wrong) > 0 {
		return wrong
	}
	text, err := toml.Marshal(values)
	if err == nil {
		err = toml.Unmarshal(text, into)
	}
	if err == nil {
		return nil
	}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		return []keyError{{strings.Join(at.Key(), "."), plain(err)}}
	}
	return []keyError{{"", plain(err)}}
}

// mismatches compares a value with the type that it is meant for.
func mismatches(key string, value any, t reflect.Type) []keyError {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	want, ok := wanted(t, value)
	if !ok {
		return []keyError{{key, fmt.Errorf("is %s: want %s", described(value), want)}}
	}
	switch v := value.(type) {
	case []any:
		return mismatchedElements(key, v, t)
	case map[string]any:
		return mismatchedKeys(key, v, t)
	}
	return nil
}

func mismatchedElements(key string, list []any, t reflect.Type) []keyError {
	if t.Kind() != reflect.Slice {
		return nil
	}
	var all []keyError
	for i, v := range list {
		all = append(all, mismatches(element(key, i), v, t.Elem())...)
	}
	return all
}

func mismatchedKeys(key string, table map[string]any, t reflect.Type) []keyError {
	var all []keyError
	fields := fieldsOf(t)
	for _, k := range sortedKeys(table) {
		switch ft, ok := fields[k]; {
		case t.Kind() == reflect.Map:
			all = append(all, mismatches(join(key, k), table[k], t.Elem())...)
		case t.Kind() != reflect.Struct:
		case ok:
			all = append(all, mismatches(join(key, k), table[k], ft)...)
		default:
			all = append(all, keyError{join(key, k), unknown(k, sortedKeys(fields))})
		}
	}
	return all
}

// wanted tells what a type takes, and whether the value is of that sort.
func wanted(t reflect.Type, value any) (string, bool) {
	_, text := value.(string)
	if t != reflect.TypeFor[time.Time]() && reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "text in quotes", text
	}
	switch t.Kind() {
	case reflect.String:
		return "text in quotes", text
	case reflect.Bool:
		_, ok := value.(bool)
		return "true or false", ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		_, ok := value.(int64)
		return "a whole number", ok
	case reflect.Float32, reflect.Float64:
		_, whole := value.(int64)
		_, ok := value.(float64)
		return "a number", ok || whole
	case reflect.Slice:
		_, ok := value.([]any)
		return "a list in brackets", ok
	case reflect.Struct, reflect.Map:
		_, ok := value.(map[string]any)
		return "a table", ok || t == reflect.TypeFor[time.Time]()
	default:
		return "something else", true
	}
}

// described names the sort of a value that came out of a file.
func described(value any) string {
	switch v := value.(type) {
	case string:
		return "text"
	case bool:
		return fmt.Sprint(v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	default:
		return "a date or time"
	}
}

// fieldsOf returns the keys that a struct takes, with their types; nil for
// any other type.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue // an embedded struct: its fields are visible themselves
		}
		fields[name] = f.Type
	}
	return fields
}

// sortedKeys puts what comes out of a map into an order that stays.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
