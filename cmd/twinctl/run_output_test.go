package main

import (
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
