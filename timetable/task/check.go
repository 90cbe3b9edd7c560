package task

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/inert"
)

// Check says what is wrong with a task wherever it runs: a flag that its verb
// does not have, a program that wants a shell. With read the caller reads the
// arguments of twinctl, without doing anything, and returns the verb that it
// found, as "history", "verify".
func (t Task) Check(read func(argv []string) (verb []string, err error)) error {
	k, ok := t.kind()
	if !ok {
		return unknown(t.Kind)
	}
	if err := k.holds(t.Args); err != nil {
		return err
	}
	if k.Verb == nil {
		return shellFree(t.Args)
	}
	for _, flag := range k.Never {
		if len(values(t.Args, flag)) > 0 {
			return fmt.Errorf("%s: %s is not for a timetable: leave it out", k.Name, flag)
		}
	}
	verb, err := read(slices.Concat(k.Verb, t.Args))
	if err != nil {
		return err // it names the verb
	}
	want := k.Verb
	if len(k.Chained) > 0 {
		want = append(slices.Clone(k.Verb), t.Args[0])
	}
	if !slices.Equal(verb, want) {
		return fmt.Errorf("%s: it would run twinctl %s: want %s", k.Name, inert.Text(strings.Join(verb, " ")), k.Args)
	}
	for _, flag := range k.Files {
		for _, file := range values(t.Args, flag) {
			if !filepath.IsAbs(file) {
				return fmt.Errorf("%s: %s %s: want the whole path, as /srv/reports/%[3]s", k.Name, flag, inert.Text(file))
			}
		}
	}
	return nil
}

// shellFree refuses what only a shell would understand: exec has none.
func shellFree(argv []string) error {
	const wayOut = "exec has no shell: write a script, or say exec /bin/sh -c '...'"
	if program := argv[0]; !filepath.IsAbs(program) {
		return fmt.Errorf("exec: %s: want the whole path of a program: %s", inert.Text(program), wayOut)
	}
	for _, arg := range argv[1:] {
		if slices.Contains([]string{"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}, arg) {
			return fmt.Errorf("exec: %s: %s", arg, wayOut)
		}
	}
	return nil
}

// Ready says what keeps a task from running on this server now: a program that
// is not there, a directory that cannot be written, a receiver that is gone.
// It is asked by the process that would run it: what that may write another
// need not. With receiver the caller says what is wrong with a target; nil:
// nothing is.
func (t Task) Ready(receiver func(target string) error) error {
	k, _ := t.kind()
	var all []error
	if k.Verb == nil && len(t.Args) > 0 {
		all = append(all, runnable(t.Args[0]))
	}
	for _, flag := range k.Files {
		for _, file := range values(t.Args, flag) {
			all = append(all, writable(file))
		}
	}
	for _, flag := range k.Receivers {
		for _, target := range values(t.Args, flag) {
			if target != "" && target[0] != '-' { // else the flag takes nothing
				all = append(all, receiver(target))
			}
		}
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("%s: %w", t.Kind, err)
	}
	return nil
}

// runnable checks a program without running it.
func runnable(program string) error {
	info, err := os.Stat(program)
	switch {
	case errors.Is(err, os.ErrNotExist) && strings.Contains(program, " "):
		return fmt.Errorf("%w: quote the program and each argument by itself, not all of them together", err)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", program)
	case unix.Access(program, unix.X_OK) != nil:
		return fmt.Errorf("%s: cannot be executed: chmod +x %[1]s", program)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: mode %04o lets others change it: chmod go-w %[1]s", program, info.Mode().Perm())
	}
	return nil
}

// writable checks the directory of a file that is to be written, up to the
// first part of its name that is filled in then. It tries: of what a sandbox
// lets through, permissions do not tell.
func writable(file string) error {
	if i := strings.IndexByte(file, '{'); i >= 0 {
		file = file[:i]
	}
	dir := filepath.Dir(file)
	return unwritable(dir, tryIn(dir))
}

// WritableDir checks a directory that is to be written, or made first.
func WritableDir(dir string) error {
	there := dir
	for {
		_, err := os.Stat(there)
		up := filepath.Dir(there)
		if !errors.Is(err, os.ErrNotExist) || up == there {
			return unwritable(dir, tryIn(there))
		}
		there = up
	}
}

func tryIn(dir string) error {
	f, err := os.CreateTemp(dir, ".twin-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// unwritable says why a directory cannot be written, and what lets the service
// do it where it is shut in.
func unwritable(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("twind cannot write there: %w: it must be there, and the unit say ReadWritePaths=%s (systemctl edit twind)", err, dir)
	}
	return fmt.Errorf("twind cannot write there: %w", err)
}

// values returns what is said with a flag, each time, and with its commas.
func values(args []string, flag string) (all []string) {
	for i, arg := range args {
		switch value, with := strings.CutPrefix(arg, flag+"="); {
		case arg == "--":
			return all
		case with:
			all = append(all, value)
		case arg == flag && i+1 < len(args):
			all = append(all, args[i+1])
		case arg == flag:
			all = append(all, "")
		}
	}
	return all
}
