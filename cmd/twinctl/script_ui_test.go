package main

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ui CONFIG FILE types on the screens that are written for who is read to, as a
// person would: each line of FILE is what is typed and, behind " | ", what must be
// said then; the last one, without that, leaves. A y is typed until it counts.
func ui(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ui CONFIG FILE")
	}
	cmd := exec.Command("twinctl", "tui", "--accessible", "--config", args[0])
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), environ(ts)
	var said saying
	cmd.Stdout, cmd.Stderr = &said, &said
	keys, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() }) // if it still runs
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		key, want, waits := strings.Cut(strings.TrimSuffix(line, "\n"), " | ")
		if !waits {
			_, err := io.WriteString(keys, key+"\n")
			ts.Check(err)
			break
		}
		from, typed := said.len(), time.Time{}
		until(ts, "it says "+want, func() (bool, string) {
			if typed.IsZero() || key == "y" && time.Since(typed) > time.Second {
				_, err := io.WriteString(keys, key+"\n")
				ts.Check(err)
				typed = time.Now()
			}
			now := said.after(from)
			return strings.Contains(now, want) && strings.HasSuffix(now, "> "), now
		})
	}
	ts.Check(keys.Close())
	ts.Check(cmd.Wait())
}

// A saying is what a program has said until now.
type saying struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *saying) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *saying) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Len()
}

func (s *saying) after(from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()[from:]
}
