//go:build real

package faults

import (
	"fmt"
	"net"
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

// awaitTexts waits until each of the texts stands in a record.
func (s *server) awaitTexts(texts []string) {
	s.t.Helper()
	eventually(s.t, "all messages are there", func() bool {
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
	t.Parallel()
	for _, framing := range []string{"octet-counted", "traditional"} {
		t.Run(framing, func(t *testing.T) {
			t.Parallel()
			s, host, port := newSyslog(t)
			q := newQueueLog(t)
			dir := t.TempDir()
			l := newLoggerOf(t, dir, fmt.Sprintf(`global(workDirectory=%q)
module(load="imfile")
input(type="imfile" file=%q tag="queue_log:" ruleset="twin" persistStateInterval="1" maxSubmitAtOnce="1")
ruleset(name="twin" queue.type="direct") {
    action(type="omfwd" protocol="tcp" target=%q port=%q TCP_Framing=%q template="RSYSLOG_SyslogProtocol23Format"
           action.resumeRetryCount="-1" action.resumeInterval="1"
           queue.type="disk" queue.filename="twin" queue.checkpointInterval="1" queue.syncQueueFiles="on")
}
`, dir, q.file.Name(), host, port, framing))
			l.start()
			q.write(200)
			s.awaitTexts(q.said[:1])
			l.End(syscall.SIGTERM)
			q.write(200)
			l.start()
			q.write(200)
			s.awaitTexts(q.said)
			s.stop()
		})
	}
}
