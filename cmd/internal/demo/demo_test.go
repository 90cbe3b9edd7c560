package demo

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func options(t *testing.T) Options {
	t.Helper()
	return Options{
		Dir: filepath.Join(t.TempDir(), "lab"), Lasting: 20 * time.Second,
		Out: io.Discard, Err: io.Discard, Log: slog.New(slog.DiscardHandler),
	}
}

// A program that cannot be started ends the demo with its name, and leaves
// nothing running.
func TestRunWithoutTwind(t *testing.T) {
	o := options(t)
	o.Twind = filepath.Join(t.TempDir(), "no-twind")
	err := Run(t.Context(), o)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no-twind") {
		t.Errorf("%v", err)
	}
}

// One that ends at once is noticed at once, and where it said why is told.
func TestRunWithABrokenTwind(t *testing.T) {
	o := options(t)
	o.Twind = filepath.Join(t.TempDir(), "twind")
	if err := os.WriteFile(o.Twind, []byte("#!/bin/sh\necho broken >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "server cms-a has ended, see ") {
		t.Fatalf("%v", err)
	}
	said, err := os.ReadFile(filepath.Join(o.Dir, "cms-a", "twind.log"))
	if err != nil || string(said) != "broken\n" {
		t.Errorf("%q, %v", said, err)
	}
}

func TestPrepare(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "something"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := prepare(full); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), full) {
		t.Errorf("a directory with something in it: %v", err)
	}
	if _, _, err := prepare(filepath.Join(full, "something")); err == nil {
		t.Error("a file is taken for a directory")
	}
	t.Setenv("TMPDIR", t.TempDir())
	dir, cleanUp, err := prepare("")
	if err != nil {
		t.Fatal(err)
	}
	if err := cleanUp(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of a demo is left behind: %v", err)
	}
	kept := filepath.Join(t.TempDir(), "new")
	if _, cleanUp, err = prepare(kept); err != nil {
		t.Fatal(err)
	}
	if err := cleanUp(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("a directory that was asked for is gone: %v", err)
	}
}

func TestWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, asked := time.Now(), 0
		err := waitFor(t.Context(), time.Second, "it", func(context.Context) (bool, error) {
			asked++
			return asked == 5, nil
		})
		if err != nil || time.Since(begun) != 4*pollInterval {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		err = waitFor(t.Context(), time.Second, "godot", func(context.Context) (bool, error) { return false, nil })
		if err == nil || err.Error() != "demo: waited 1s for godot" {
			t.Errorf("%v", err)
		}
		broken := errors.New("broken")
		if err := waitFor(t.Context(), time.Second, "it", func(context.Context) (bool, error) { return false, broken }); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	})
}
