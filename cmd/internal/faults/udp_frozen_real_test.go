//go:build real

package faults

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A blast says its script over UDP, as syslog.
type blast struct {
	script
	t *testing.T
	net.Conn
}

func newBlast(t *testing.T, to string) *blast {
	t.Helper()
	conn, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &blast{t: t, Conn: conn}
}

// say sends n messages, each of its own time.
func (b *blast) say(n int) {
	b.t.Helper()
	for range n {
		line := strings.TrimSuffix(b.next(1), "\n")
		at := timeOf(line).UTC().Format(time.RFC3339Nano)
		if _, err := io.WriteString(b, fmt.Sprintf("<13>1 %s pbx app - - - %s", at, line)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestRealFrozenByUDP freezes a server while more comes by UDP than the kernel keeps,
// and then nothing: what was lost lies in its gaps before it says that it heard
// that time, and what comes later does not change that.
func TestRealFrozenByUDP(t *testing.T) {
	t.Parallel()
	s := newServer(t, "[[feed]]\nname = \"log\"\nkind = \"syslog\"\ntransport = \"udp\"\nlisten = \"127.0.0.1:0\"\n")
	s.start()
	entry, err := s.log.await(patience, func(e map[string]any) bool { return e["msg"] == "listening" && e["address"] != nil })
	if err != nil {
		t.Fatalf("%v; it said:\n%s", err, s.log)
	}
	b := newBlast(t, entry["address"].(string))
	b.say(20)
	s.awaitNumber("log", 20, numberOf)

	s.signal(syscall.SIGSTOP)
	b.say(30_000) // more than the eight megabytes that the kernel is asked for, and than twice that
	s.signal(syscall.SIGCONT)
	last := timeOf(b.lines()[len(b.lines())-1])
	eventually(t, "it says that it heard that time", func() bool {
		until := s.feed("log").CoveredUntil
		return until != nil && until.Time().After(last)
	})
	lost := s.account("log", b.lines(), numberOf)
	t.Logf("%d of %d were lost", len(lost), len(b.lines()))
	if len(lost) == 0 {
		t.Error("the kernel kept all of it")
	}
	rejected := s.feed("log").Rejected
	b.say(20)
	s.awaitNumber("log", len(b.lines()), numberOf)
	if again := s.account("log", b.lines(), numberOf); len(again) != len(lost) {
		t.Errorf("then %d were lost", len(again))
	}
	if now := s.feed("log").Rejected; now != rejected {
		t.Errorf("told of losses %d times, and of none since, but %d times then", rejected, now)
	}
	s.stop()
}
