package faults

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
)

// patience is how long a test waits for what is promised for far sooner: the
// machine has others to serve, and the race detector makes all of it ten times
// slower. How long it took is logged where a number is promised.
const patience = await.Most

// A server is twind, or what is left of it, on a data directory.
type server struct {
	t            *testing.T
	name         string
	config, data string
	ssh          string   // where it listens for its twin; "" is nowhere
	pages        string   // where its pages are; "" is anywhere
	env          []string // for twind, beside ours

	proc  *exec.Cmd
	log   *journal
	ended chan struct{} // closed when proc has
}

// newServer makes a server of these [[feed]] sections; it is not started.
func newServer(t *testing.T, feeds ...string) *server {
	t.Helper()
	return newServerAt(t, filepath.Join(t.TempDir(), "data"), feeds...)
}

// newServerAt does the same with a data directory of one's own.
func newServerAt(t *testing.T, data string, feeds ...string) *server {
	t.Helper()
	s := &server{t: t, name: "cms-a", data: data}
	s.install("primary", feeds...)
	return s
}

// install makes a server's files.
func (s *server) install(role string, feeds ...string) {
	s.t.Helper()
	s.config = filepath.Join(s.t.TempDir(), "twin.toml")
	s.configure(feeds...)
	ctl(s.t, "init", "--config", s.config, "--role", role, "--no-timetables")
	s.t.Cleanup(s.clean)
}

// configure writes twin.toml anew.
func (s *server) configure(feeds ...string) {
	s.t.Helper()
	text := fmt.Sprintf("name = %q\ndata = %q\n\n[http]\nlisten = %q\n\n[ssh]\nlisten = %q\n\n%s",
		s.name, s.data, cmp.Or(s.pages, "127.0.0.1:0"), s.ssh, strings.Join(feeds, "\n"))
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// start starts twind, under another program if one is given, and does not wait
// until it runs.
func (s *server) start(under ...string) {
	s.t.Helper()
	line := append(under, "twind", "--config", s.config)
	s.proc = exec.Command(line[0], line[1:]...)
	s.proc.Env = append(os.Environ(), s.env...)
	s.log, s.ended = newJournal(), make(chan struct{})
	s.proc.Stderr = s.log
	s.proc.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.proc.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func(proc *exec.Cmd, log *journal, ended chan struct{}) {
		defer close(ended)
		_ = proc.Wait() // ProcessState tells
		log.Close()
	}(s.proc, s.log, s.ended)
}

// signal sends a signal to twind.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.proc.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatal(err)
	}
}

// wait returns twind's exit status, and how long it took to end; it fails the
// test when that is longer than at most.
func (s *server) wait() (status int, took time.Duration) {
	s.t.Helper()
	begun := time.Now()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("twind has not ended within %s; it said:\n%s", patience, s.log)
	}
	return s.proc.ProcessState.ExitCode(), time.Since(begun)
}

// kill ends twind as a crash does.
func (s *server) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	s.wait()
}

// stop ends twind in order.
func (s *server) stop() time.Duration {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	status, took := s.wait()
	if status != 0 {
		s.t.Fatalf("exit status %d after SIGTERM; it said:\n%s", status, s.log)
	}
	return took
}

// clean ends what still runs.
func (s *server) clean() {
	if s.proc == nil {
		return
	}
	if s.t.Failed() {
		s.t.Logf("twind of %s said:\n%s", s.name, s.log)
	}
	_ = s.proc.Process.Kill() // it may have ended
	<-s.ended
}

// web returns the address of the pages, once there is one; "" if twind ended.
func (s *server) web() string {
	s.t.Helper()
	entry, _ := s.log.await(patience, func(e map[string]any) bool { return e["msg"] == "listening" && e["http"] != nil })
	address, _ := entry["http"].(string)
	return address
}

// said waits until twind has logged a line that holds text.
func (s *server) said(text string) {
	s.t.Helper()
	_, err := s.log.await(patience, func(e map[string]any) bool {
		line, _ := json.Marshal(e) // it came from JSON
		return strings.Contains(string(line), text)
	})
	if err != nil {
		s.t.Fatalf("twind did not say %q: %v; it said:\n%s", text, err, s.log)
	}
}

// A journal is what a program wrote to its standard error, a line each.
type journal struct {
	*io.PipeWriter
	read chan struct{} // closed when all was read

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and made anew with each line
}

func newJournal() *journal {
	out, in := io.Pipe()
	j := &journal{PipeWriter: in, read: make(chan struct{}), more: make(chan struct{})}
	go j.keep(out)
	return j
}

func (j *journal) keep(out io.Reader) {
	defer close(j.read)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		j.mu.Lock()
		j.lines = append(j.lines, lines.Text())
		close(j.more)
		j.more = make(chan struct{})
		j.mu.Unlock()
	}
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// await returns the first entry that matches, now or later.
func (j *journal) await(most time.Duration, match func(map[string]any) bool) (map[string]any, error) {
	late := time.After(patience)
	for seen, over := 0, false; ; {
		j.mu.Lock()
		lines, more := j.lines[seen:], j.more
		j.mu.Unlock()
		for _, line := range lines {
			entry := map[string]any{}
			if json.Unmarshal([]byte(line), &entry) != nil {
				entry["msg"] = line
			}
			if match(entry) {
				return entry, nil
			}
		}
		if seen += len(lines); over {
			return nil, errors.New("it has ended")
		}
		select {
		case <-more:
		case <-j.read:
			over = true
		case <-late:
			return nil, fmt.Errorf("not within %s", most)
		}
	}
}
