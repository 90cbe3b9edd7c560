package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script writes a shell script that is run with these arguments.
func script(t *testing.T, text string, args ...string) Program {
	t.Helper()
	name := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return Program{Argv: append([]string{name}, args...), Timeout: 30 * time.Second}
}

func TestRun(t *testing.T) {
	t.Setenv("TWIN_NAME", "not for others")
	slow := script(t, "echo begun; sleep 60 & sleep 60")
	slow.Timeout = 200 * time.Millisecond
	for name, c := range map[string]struct {
		program Program
		exit    int
		tail    string // a part of it
		says    string // of the error; "" for none
	}{
		"as it is told":     {script(t, `cat; echo "$A $# $2 ${TWIN_NAME-}|"; pwd`, "x", "$(reboot) *"), 0, `in\na b 2 $(reboot) * |\n/`, ""},
		"it reads nothing":  {script(t, "exit 0"), 0, "", ""},
		"it fails":          {script(t, `printf '\033[2Jno' >&2; exit 3`), 3, `\x1b[2Jno`, `exit status 3: \x1b[2Jno`},
		"a signal":          {script(t, "kill -9 $$"), 137, "", "signal: killed"},
		"it talks too much": {script(t, "yes | head -c 100000; echo the end; exit 1"), 1, "the end", "the end"},
		"it does not end":   {slow, 143, "begun", "had not ended after 200ms"},
		"not there":         {Program{Argv: []string{"/nowhere/x"}}, -1, "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.program.Run(context.Background(), []string{"A=a b"}, []byte("in\n"))
			if got.Exit != c.exit || !strings.Contains(got.Tail, c.tail) || len(got.Tail) > 4*tailSize {
				t.Errorf("%+v", got)
			}
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if errors.Is(err, ErrNotStarted) != (c.exit == -1) {
				t.Errorf("%v", err)
			}
		})
	}
}

// What does not heed being told to end is killed, with what it started.
func TestRunKillsWhatDoesNotHeed(t *testing.T) {
	t.Parallel()
	left := filepath.Join(t.TempDir(), "left")
	p := script(t, `trap "" TERM; (while :; do date +%N >$1; sleep 0.05; done) & while :; do sleep 0.05; done`, left)
	p.Timeout = 500 * time.Millisecond
	begun := time.Now()
	got, err := p.Run(t.Context(), nil, nil)
	if took := time.Since(begun); err == nil || got.Exit != 137 || took < grace {
		t.Errorf("%+v after %s: %v", got, took, err)
	}
	before, err := os.ReadFile(left)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if now, err := os.ReadFile(left); err != nil || string(now) != string(before) {
			t.Fatalf("it goes on: %s, %v", now, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	why := errors.New("another role")
	ctx, cancel := context.WithCancelCause(t.Context())
	begun := filepath.Join(t.TempDir(), "begun")
	p := script(t, "touch $1; sleep 60", begun)
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(begun); err == nil {
				cancel(why)
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	if _, err := p.Run(ctx, nil, nil); !errors.Is(err, why) {
		t.Error(err)
	}
}
