//go:build real

package faults

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newSyslog starts a server with a feed "log" of kind syslog over TCP, and
// returns where it listens.
func newSyslog(t *testing.T) (s *server, host, port string) {
	t.Helper()
	address := ownAddress()
	s = newServer(t, fmt.Sprintf("[[feed]]\nname = \"log\"\nkind = \"syslog\"\ntransport = \"tcp\"\nlisten = %q\n", address))
	s.start()
	s.said("listening")
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return s, host, port
}

// stop ends rsyslog in order.
func (l *logger) stop() {
	l.t.Helper()
	if err := l.proc.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Fatal(err)
	}
	_ = l.proc.Wait()
	l.proc = nil
}

// awaitTexts waits until each of the texts stands in a record.
func (s *server) awaitTexts(texts []string) {
	s.t.Helper()
	eventually(s.t, patience, "all messages are there", func() bool {
		said := string(ctl(s.t, "record", "export", "--config", s.config, "--feed", "log", "-o", "raw"))
		for _, text := range texts {
			if !strings.Contains(said, text) {
				return false
			}
		}
		return true
	})
}

// TestRealSyslogOfRsyslog has rsyslog send what it follows over plain TCP, in
// either framing, from a queue on disk, and stops it in between: as long as the
// server is there, nothing is missing. (One that is killed loses what it had
// taken out of its queue: nothing acknowledges it.)
func TestRealSyslogOfRsyslog(t *testing.T) {
	for _, framing := range []string{"octet-counted", "traditional"} {
		t.Run(framing, func(t *testing.T) {
			s, host, port := newSyslog(t)
			q := newQueueLog(t)
			dir := t.TempDir()
			l := &logger{t: t, config: filepath.Join(dir, "rsyslog.conf"), pid: filepath.Join(dir, "pid")}
			t.Cleanup(l.kill)
			config := fmt.Sprintf(`global(workDirectory=%q)
module(load="imfile")
input(type="imfile" file=%q tag="queue_log:" ruleset="twin" persistStateInterval="1")
ruleset(name="twin" queue.type="direct") {
    action(type="omfwd" protocol="tcp" target=%q port=%q TCP_Framing=%q template="RSYSLOG_SyslogProtocol23Format"
           action.resumeRetryCount="-1" action.resumeInterval="1"
           queue.type="disk" queue.filename="twin" queue.checkpointInterval="1" queue.syncQueueFiles="on")
}
`, dir, q.file.Name(), host, port, framing)
			if err := os.WriteFile(l.config, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			l.start()
			q.write(200)
			s.awaitTexts(q.said[:1])
			l.stop()
			q.write(200)
			l.start()
			q.write(200)
			s.awaitTexts(q.said)
			s.stop()
		})
	}
}

// TestRealSyslogOfHaproxy has HAProxy log requests to its ring, which it empties
// into a feed: each request is a record with the time that HAProxy gave it.
func TestRealSyslogOfHaproxy(t *testing.T) {
	s, host, port := newSyslog(t)
	pages := ownAddress()
	config := filepath.Join(t.TempDir(), "haproxy.cfg")
	text := fmt.Sprintf(`ring twin
    format rfc5424
    maxlen 1200
    size 1048576
    timeout connect 5s
    timeout server 10s
    server cms-a %s log-proto octet-count
global
    log ring@twin format rfc5424 local0
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend pages
    bind %s
    http-request return status 200
`, net.JoinHostPort(host, port), pages)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("haproxy", "-db", "-f", config)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("haproxy said:\n%s", said.String())
		}
	})
	var asked []string
	ask := func() error {
		path := fmt.Sprintf("/page-%d-", len(asked))
		answer, err := http.Get("http://" + pages + path)
		if err != nil {
			return err
		}
		asked = append(asked, path)
		return answer.Body.Close()
	}
	eventually(t, patience, "haproxy answers", func() bool { return ask() == nil })
	for range 99 {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitTexts(asked)
	s.stop()
}
