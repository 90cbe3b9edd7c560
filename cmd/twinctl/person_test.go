package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// What nobody types at is told by the terminal's own time of reading.
func TestQuiet(t *testing.T) {
	k := newKeyboard(t)
	now := time.Now()
	if err := os.Chtimes(k.tty.Name(), now.Add(-time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if got := quiet(k.tty, now); got != time.Hour {
		t.Errorf("%s, want an hour", got)
	}
	if got := quiet(strings.NewReader("piped"), now); got != 0 {
		t.Errorf("%s for what is no terminal", got)
	}
}
