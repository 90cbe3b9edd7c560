package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/cmd/internal/hooks"
)

// Hooks is the [hooks] table: the programs that are called where the role moves.
type Hooks struct {
	Timeout string // of each; a duration

	programs map[string]*string // by point, as lists are written here
}

// text is where the setting of a point has its value.
func (h *Hooks) text(point string) *string {
	if h.programs == nil {
		h.programs = make(map[string]*string)
	}
	if h.programs[point] == nil {
		h.programs[point] = new(string)
	}
	return h.programs[point]
}

// Runnable returns them as they are run.
func (h Hooks) Runnable() hooks.Hooks {
	timeout, err := time.ParseDuration(h.Timeout)
	if err != nil {
		return hooks.Hooks{} // a configuration that nobody read
	}
	all := hooks.Hooks{Programs: make(map[string][]string), Timeout: timeout}
	for point, text := range h.programs {
		if argv, err := parseList(*text); err == nil && len(argv) > 0 {
			all.Programs[point] = argv
		}
	}
	return all
}

// HookKey returns the key of the setting for a point.
func HookKey(point string) string { return "hooks." + point }

// hookSettings are those of [hooks].
func hookSettings() []Setting {
	var all []Setting
	for _, p := range hooks.Points() {
		all = append(all, Setting{
			Key: HookKey(p.Name), Doc: "program and its arguments, a list, called " + p.Doc,
			list: true, path: true, check: argumentList, field: func(c *Config) *string { return c.Hooks.text(p.Name) },
		})
	}
	return append(all, Setting{
		Key: "hooks.timeout", Doc: "duration after which each of these programs is ended, 1s to 5m", Default: "30s",
		check: execTimeout, field: func(c *Config) *string { return &c.Hooks.Timeout },
	})
}

// maxArguments is how many words a program may be given, its file included.
const maxArguments = 100

func argumentList(text string) error {
	argv, err := parseList(text)
	if err != nil || len(argv) == 0 {
		return err
	}
	if argv[0] == "" {
		return errors.New("begins with an empty text: want the program's file first")
	}
	if len(argv) > maxArguments {
		return fmt.Errorf("has %d texts: want at most %d", len(argv), maxArguments)
	}
	for _, arg := range argv {
		if strings.ContainsRune(arg, 0) {
			return errors.New("holds a NUL byte")
		}
	}
	return nil
}

// A list of texts is kept, and written outside of the file, as JSON has it; an
// empty one is "".

func writeList(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(list) // texts can always be
	return strings.TrimSuffix(b.String(), "\n")
}

func parseList(text string) ([]string, error) {
	list := []string{}
	if text == "" {
		return list, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil || list == nil {
		return nil, fmt.Errorf(`%q: want a list of texts, as ["/usr/local/bin/tell", "it"]`, text)
	}
	return list, nil
}

// listed takes a list as the file has it.
func listed(value any) (string, error) {
	elements, ok := value.([]any)
	if !ok {
		return "", fmt.Errorf(`is %s: want a list of texts, as ["/usr/local/bin/tell", "it"]`, described(value))
	}
	list := make([]string, len(elements))
	for i, e := range elements {
		if list[i], ok = e.(string); !ok {
			return "", fmt.Errorf("has %s at place %d: want text in quotes", described(e), i+1)
		}
	}
	return writeList(list), nil
}
