//go:build real

package faults

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/daemon"
)

// A logger is rsyslog, as scripts/asterisk configures it on a PBX.
type logger struct {
	*daemon.Daemon
	t      *testing.T
	config string
	pid    string // the name of its file
}

// newLogger makes one that follows a file and sends it to two addresses.
func newLogger(t *testing.T, file string, to [2]string) *logger {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("../../../scripts/asterisk/rsyslog.conf")
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	change := func(was, is string) {
		t.Helper()
		if strings.Count(config, was) != 1 {
			t.Fatalf("scripts/asterisk/rsyslog.conf has %q %d times", was, strings.Count(config, was))
		}
		config = strings.Replace(config, was, is, 1)
	}
	change(`file="/var/log/asterisk/queue_log"`, fmt.Sprintf("file=%q", file))
	for i, name := range []string{"cms-a.example", "cms-b.example"} {
		host, port, err := net.SplitHostPort(to[i])
		if err != nil {
			t.Fatal(err)
		}
		change(fmt.Sprintf(`target=%q port="2514"`, name), fmt.Sprintf("target=%q port=%q", host, port))
	}
	return newLoggerOf(t, dir, fmt.Sprintf("global(workDirectory=%q)\n%s", dir, config))
}

// newLoggerOf makes one of another configuration, in a directory that is its own.
func newLoggerOf(t *testing.T, dir, config string) *logger {
	t.Helper()
	l := &logger{t: t, config: filepath.Join(dir, "rsyslog.conf"), pid: filepath.Join(dir, "pid")}
	if err := os.WriteFile(l.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *logger) start() {
	l.t.Helper()
	l.Daemon = daemon.Start(l.t, exec.Command("rsyslogd", "-n", "-f", l.config, "-i", l.pid))
}

// kill ends it as a power cut does, as far as a process can tell.
func (l *logger) kill() {
	l.End(syscall.SIGKILL)
	_ = os.Remove(l.pid)
}

// A queueLog is a file that an Asterisk appends numbered lines to.
type queueLog struct {
	t    *testing.T
	file *os.File
	said []string
}

func newQueueLog(t *testing.T) *queueLog {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "queue_log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &queueLog{t: t, file: file}
}

func (q *queueLog) write(lines int) {
	q.t.Helper()
	for range lines {
		line := fmt.Sprintf("%d|%d.1|sales|SIP/100|CONNECT|1|%d.1|2", time.Now().Unix(), len(q.said), len(q.said))
		if _, err := fmt.Fprintln(q.file, line); err != nil {
			q.t.Fatal(err)
		}
		q.said = append(q.said, line)
	}
}

// checkSame fails unless the server holds each line once.
func (q *queueLog) checkSame(s *server) {
	q.t.Helper()
	if lacks := q.lacks(s); len(lacks) > 0 {
		q.t.Errorf("%s lacks the lines %v", s.name, lacks)
	}
}

// lacks returns the numbers of the lines that the server has not once the last
// one has come, behind which none comes. It fails where there is one twice, or
// one that nobody said.
func (q *queueLog) lacks(s *server) (numbers []int) {
	q.t.Helper()
	count := map[string]int{}
	eventually(q.t, s.name+" has the last line", func() bool {
		clear(count)
		for line := range strings.Lines(string(ctl(q.t, "record", "export", "--config", s.config, "--feed", "log", "-o", "raw"))) {
			count[strings.TrimSuffix(line, "\n")]++
		}
		return count[q.said[len(q.said)-1]] > 0
	})
	for i, line := range q.said {
		switch n := count[line]; {
		case n == 0:
			numbers = append(numbers, i)
		case n > 1:
			q.t.Errorf("%s has %q %d times", s.name, line, n)
		}
		delete(count, line)
	}
	for line := range count {
		q.t.Errorf("%s has %q, which nobody said", s.name, line)
	}
	return numbers
}

// onlyFirstGap waits until the server has no gap but that of before rsyslog came.
func onlyFirstGap(s *server) {
	s.t.Helper()
	eventually(s.t, s.name+" has no gap but before rsyslog came first", func() bool {
		gaps := decode[struct{ Gaps []struct{ ID int } }](s.t, ctl(s.t, "gap", "list", "--config", s.config, "--json")).Gaps
		return len(gaps) == 0 || len(gaps) == 1 && gaps[0].ID == 1
	})
}

// relpServers are two servers that rsyslog sends one queue_log to.
func relpServers(t *testing.T) (servers [2]*server, q *queueLog, l *logger) {
	t.Helper()
	var to [2]string
	for i, name := range []string{"cms-a", "cms-b"} {
		to[i] = ownAddress()
		servers[i] = newServer(t, fmt.Sprintf("[[feed]]\nname = \"log\"\nkind = \"relp\"\nformat = \"queue_log\"\nlisten = %q\nkeeps = true\n", to[i]))
		servers[i].name = name
		servers[i].start()
		servers[i].said("listening")
	}
	q = newQueueLog(t)
	l = newLogger(t, q.file.Name(), to)
	l.start()
	q.write(500)
	for _, s := range servers {
		q.checkSame(s)
	}
	return servers, q, l
}

// TestRealRsyslogLosesNothing kills the servers while an Asterisk writes its
// queue_log, and ends rsyslog in order: both hold every line, each once, and where
// each was away there is no gap.
func TestRealRsyslogLosesNothing(t *testing.T) {
	t.Parallel()
	servers, q, l := relpServers(t)
	for range 2 {
		for _, s := range servers {
			s.kill()
			q.write(300)
			s.start()
			q.write(300)
		}
	}
	for _, s := range servers {
		q.checkSame(s)
	}
	for range 2 {
		q.write(300)
		l.End(syscall.SIGTERM)
		q.write(300)
		l.start()
		q.write(300)
	}
	for _, s := range servers {
		q.checkSame(s)
		onlyFirstGap(s)
		s.stop()
	}
}

// TestRealRsyslogIsKilled kills rsyslog too, also while a server is away. What
// was on its way to a server is in rsyslog's memory alone, and its queue on disk
// may not find its last file again: a window of lines is missing at the most for
// each time, none is there twice, and where a server was away there is no gap.
func TestRealRsyslogIsKilled(t *testing.T) {
	const window = 128 // as scripts/asterisk/rsyslog.conf has it
	t.Parallel()
	servers, q, l := relpServers(t)
	kills := 0
	for _, s := range servers {
		s.kill()
		q.write(500)
		l.kill()
		q.write(500)
		l.start()
		q.write(500)
		s.start()
		l.kill()
		l.start()
		q.write(500)
		kills += 2
		for _, s := range servers {
			lacks := q.lacks(s)
			t.Logf("%s lacks the lines %v", s.name, lacks)
			if len(lacks) > kills*window {
				t.Errorf("%s lacks %d lines: more than a window for each of %d kills", s.name, len(lacks), kills)
			}
		}
	}
	for _, s := range servers {
		onlyFirstGap(s)
		s.stop()
	}
}
