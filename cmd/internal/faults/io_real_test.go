//go:build real

package faults

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRealIOError has the kernel answer EIO to one flush, or one write, of a
// database. Nobody knows then what is on the disk: twind must end at once, name
// the file and not try again, and what was shown must be there afterwards.
func TestRealIOError(t *testing.T) {
	for _, c := range []struct{ call, file string }{
		{"fsync", "history.db"},
		{"pwrite64", "history.db"},
		{"fsync", "node.db"},
		{"pwrite64", "node.db"},
	} {
		t.Run(c.call+" of "+c.file, func(t *testing.T) {
			calls, file := newSpeaker(t), newWriter(t)
			s := newServer(t, calls.section("calls"), file.section("file"))
			readers := map[string]*follower{"calls": s.follow("calls"), "file": s.follow("file")}
			s.start()
			eventually(t, "collecting", func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 })
			path := filepath.Join(s.data, c.file)
			trace := s.inject(c.call, path+"-wal")
			status, took := s.wait()
			if status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
			s.said(path)
			calledOn := trace()
			t.Logf("ended after %s; flushes and writes of the log after the error: %d", took.Round(time.Millisecond), calledOn)

			s.start()
			file.stop()
			eventually(t, "all of the file is collected", func() bool { return s.feed("file").Records == int64(len(file.lines())) })
			s.stop()
			if n := s.feed("file").Duplicates; n != 0 {
				t.Errorf("%d lines were stored twice", n)
			}
			held := intact(t, filepath.Join(s.data, "history.db"))
			for name, r := range readers {
				mustHold(t, held[name], r.all())
			}
			mustExplain(t, calls.lines(), held["calls"], s.gaps("calls"))
		})
	}
}

// inject makes the next such call on a file fail. What it returns waits for the
// end and counts the calls that came after the failed one.
func (s *server) inject(call, path string) (after func() int) {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "strace")
	strace := exec.Command("strace", "-f", "-y", "-o", log, "-P", path, "-e", "signal=none", "-e", "trace=fdatasync,fsync,pwrite64",
		"-e", "inject="+call+":error=EIO:when=1", "-p", strconv.Itoa(s.proc.Process.Pid))
	var said bytes.Buffer
	strace.Stderr = &said
	if err := strace.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = strace.Wait() // its log tells
	}()
	s.t.Cleanup(func() {
		_ = strace.Process.Kill() // it may have ended
		<-ended
	})
	return func() int {
		<-ended
		text, err := os.ReadFile(log)
		if err != nil {
			s.t.Fatalf("%v: %s", err, &said)
		}
		_, rest, ok := strings.Cut(string(text), "(INJECTED)")
		if !ok {
			s.t.Fatalf("nothing was injected: %s%s", text, &said)
		}
		return len(regexp.MustCompile(`(?m)^\d+ +(fdatasync|fsync|pwrite64)\(.*= \d+$`).FindAllString(rest, -1))
	}
}
