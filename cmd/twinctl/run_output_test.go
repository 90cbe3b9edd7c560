package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInertWriterKeepsLinesAndNothingElse(t *testing.T) {
	const said = "one\r\n\n\ttwo\x1b[2J\nthree"
	const want = "one\n\n    two\\x1b[2J\nthree\n"
	for size := 1; size <= len(said); size++ {
		var out strings.Builder
		w := &inertWriter{out: &out}
		for rest := said; rest != ""; rest = rest[min(size, len(rest)):] {
			if _, err := w.Write([]byte(rest[:min(size, len(rest))])); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil || out.String() != want {
			t.Errorf("%d bytes at once: %q, %v", size, out.String(), err)
		}
	}
	var out strings.Builder
	w := &inertWriter{out: &out}
	if _, err := w.Write(make([]byte, 10*longestLine)); err != nil || out.Len() < 9*longestLine {
		t.Errorf("a line without end: %d bytes were shown, %v", out.Len(), err)
	}
}

// What a file holds when it is replaced was read before, or is in its middle.
func TestTailFollowsTheFileThatTakesItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "1.log")
	var out strings.Builder
	f := tail{path: path, out: &out}
	defer f.close()
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, ""},
		{func() error { return os.WriteFile(path, []byte("a"), 0o600) }, "a"},
		{func() error { return add(path, "b") }, "ab"},
		{func() error {
			if err := os.WriteFile(path+".new", []byte("a...b"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, "ab"},
		{func() error { return add(path, "c") }, "abc"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if err := f.copy(); err != nil || out.String() != step.want {
			t.Errorf("read %q, %v, want %q", out.String(), err, step.want)
		}
	}
}

func add(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Close()
}
