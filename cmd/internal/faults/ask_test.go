package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// eventually waits until ok and returns how long that took. The test fails when
// its patience ends.
func eventually(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	const late = 250 * time.Millisecond // who asks all the time takes a processor from those who are asked
	for wait := 10 * time.Millisecond; !ok(); wait = min(wait*3/2, late) {
		if time.Since(begun) > patience {
			t.Fatalf("not within %s: %s", patience, what)
		}
		<-time.After(wait)
	}
	return time.Since(begun)
}

// ctl runs twinctl, which must succeed, and returns what it wrote.
func ctl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, exit, said := tryCtl(t, args...)
	if exit != 0 {
		t.Fatalf("twinctl %s: exit status %d: %s", strings.Join(args, " "), exit, said)
	}
	return out
}

// tryCtl runs twinctl and returns what it wrote, its exit status and what it
// said beside.
func tryCtl(t *testing.T, args ...string) (out []byte, exit int, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("twinctl", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // ProcessState tells
	if cmd.ProcessState == nil {
		t.Fatal("twinctl cannot be run")
	}
	return stdout.Bytes(), cmd.ProcessState.ExitCode(), stderr.String()
}

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// status returns what twinctl status says.
func (s *server) status() node.Document {
	s.t.Helper()
	return decode[node.Document](s.t, ctl(s.t, "status", "--json", "--config", s.config))
}

// seen returns what its page says of the same, a second old at the most: who
// asks often starts no program for it. Of a server that does not answer it
// says nothing.
func (s *server) seen() node.Document {
	s.t.Helper()
	doc := node.Document{Twin: &node.TwinDocument{}}
	if code, body := s.page("/status"); code == http.StatusOK {
		doc = decode[node.Document](s.t, []byte(body))
	}
	if doc.Twin == nil {
		doc.Twin = &node.TwinDocument{}
	}
	return doc
}

// feed returns what twinctl status says of a feed.
func (s *server) feed(name string) node.FeedDocument {
	s.t.Helper()
	doc := s.status()
	for _, f := range doc.Feeds {
		if f.Name == name {
			return f
		}
	}
	s.t.Fatalf("no feed %q in %+v", name, doc)
	return node.FeedDocument{}
}

// proves waits until it is proven that the server hears a feed at a moment.
func (s *server) proves(feed string, at time.Time) {
	s.t.Helper()
	eventually(s.t, s.name+" proves that it hears "+feed, func() bool {
		until := s.feed(feed).CoveredUntil
		return until != nil && until.Time().After(at)
	})
}

// gaps returns what twinctl gap list says of a feed.
func (s *server) gaps(feed string) []history.Gap {
	s.t.Helper()
	out := ctl(s.t, "gap", "list", "--feed", feed, "--json", "--config", s.config)
	return decode[struct{ Gaps []history.Gap }](s.t, out).Gaps
}

// page gets a page; status 0 means that nobody answers.
func (s *server) page(path string) (status int, body string) {
	s.t.Helper()
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://" + s.web() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(text)
}

// metric returns one metric of a feed, -1 if it cannot be had.
func (s *server) metric(name, feed string) float64 {
	s.t.Helper()
	_, body := s.page("/metrics")
	_, rest, ok := strings.Cut(body, "\n"+name+`{feed="`+feed+`"} `)
	if !ok {
		return -1
	}
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		s.t.Fatalf("metric %s: %v", name, err)
	}
	return n
}

// committed returns how many records of a feed this run has stored.
func (s *server) committed(feed string) float64 {
	s.t.Helper()
	return s.metric("twin_records_committed_total", feed)
}

// A shown is a record as an export shows it.
type shown struct {
	At     time.Time
	Digest string
	N      int
	Raw    string
}

// export returns all records of a feed.
func (s *server) export(feed string) []shown {
	s.t.Helper()
	var all []shown
	for line := range bytes.Lines(ctl(s.t, "record", "export", "--feed", feed, "--config", s.config)) {
		all = append(all, decode[shown](s.t, line))
	}
	return all
}

// A follower is an export that goes on, in a process of its own.
type follower struct {
	cmd  *exec.Cmd
	rows chan shown
	seen []shown
}

func (s *server) follow(feed string) *follower {
	s.t.Helper()
	f := &follower{
		cmd:  exec.Command("twinctl", "record", "export", "--follow", "--feed", feed, "--config", s.config),
		rows: make(chan shown, 1<<20),
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var row shown
			if json.Unmarshal(lines.Bytes(), &row) == nil { // a last line may be half
				f.rows <- row
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = f.cmd.Process.Kill() // it may have ended
		<-read
		_ = f.cmd.Wait() // it was killed
	})
	return f
}

// all returns what was shown until now.
func (f *follower) all() []shown {
	for {
		select {
		case row := <-f.rows:
			f.seen = append(f.seen, row)
		default:
			return f.seen
		}
	}
}
