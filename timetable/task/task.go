// Package task says what a timetable can do, and does it: a task is a verb of
// twinctl, or a program of the site's own, that is run as a person would run
// it, with its output kept in a file.
package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
)

// MaxText is the length in bytes that a task's text may have.
const MaxText = 4 << 10

// A Task is one thing to do: a kind and its arguments.
type Task struct {
	Kind string
	Args []string
	text string // as it was written
}

// Parse reads a task: its kind and its arguments, with blanks between. Blanks
// inside an argument are quoted as a shell would have it: 'as it is', "with \"
// and \\", or a backslash in front of one character. Nothing is expanded: a
// dollar, a star and a semicolon stand for themselves.
func Parse(text string) (Task, error) {
	if len(text) > MaxText {
		return Task{}, fmt.Errorf("is %d bytes long: want at most %d", len(text), MaxText)
	}
	if shown := inert.Text(text); shown != text {
		return Task{}, fmt.Errorf("holds what nobody would see: %s: want printable characters only", shown)
	}
	words, err := split(text)
	if err != nil {
		return Task{}, err
	}
	if len(words) == 0 {
		return Task{}, fmt.Errorf("is empty: want a kind (%s) and its arguments", strings.Join(names(), ", "))
	}
	t := Task{Kind: words[0], Args: words[1:], text: text}
	k, ok := t.kind()
	if !ok {
		return Task{}, unknown(t.Kind)
	}
	return t, k.holds(t.Args)
}

// String returns the task as it was written; one that was not is quoted.
func (t Task) String() string {
	if t.text != "" {
		return t.text
	}
	return join(append([]string{t.Kind}, t.Args...))
}

// Named returns the kind of that name.
func Named(name string) (Kind, bool) {
	for i := range kinds {
		if kinds[i].Name == name {
			return kinds[i], true
		}
	}
	return Kind{}, false
}

func (t Task) kind() (Kind, bool) { return Named(t.Kind) }

// Permission returns what the owner of the timetable needs: view, operate or admin.
func (t Task) Permission() string {
	k, _ := t.kind()
	return k.Permission
}

// RunsOn returns where the task runs if its timetable does not say.
func (t Task) RunsOn() string {
	k, _ := t.kind()
	return k.RunsOn
}

// RunsOn returns where a timetable of those tasks runs if it does not say: on
// both only if each of them does.
func RunsOn(tasks []Task) string {
	for _, t := range tasks {
		if t.RunsOn() != OnBoth {
			return OnPrimary
		}
	}
	if len(tasks) == 0 {
		return OnPrimary
	}
	return OnBoth
}

func unknown(kind string) error {
	if meant, ok := nearest.Word(kind, names()); ok {
		return fmt.Errorf("unknown kind %q: did you mean %s?", kind, meant)
	}
	return fmt.Errorf("unknown kind %q: want %s", kind, strings.Join(names(), ", "))
}

func names() []string {
	all := make([]string, len(kinds))
	for i := range kinds {
		all[i] = kinds[i].Name
	}
	return all
}

// holds checks what every kind wants, whatever its verb says.
func (k Kind) holds(args []string) error {
	switch {
	case k.Verb == nil && len(args) == 0:
		return errors.New("exec: missing the program, as exec /usr/local/bin/tell-all")
	case len(k.Chained) > 0 && (len(args) == 0 || !slices.Contains(k.Chained, args[0])):
		return fmt.Errorf("%s: want one of %s behind it", k.Name, strings.Join(k.Chained, ", "))
	}
	return nil
}
