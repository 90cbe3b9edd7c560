//go:build real

package faults

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/fixtures/daemon"
)

// A ringer is HAProxy, which logs each request that it answers to a ring in its
// memory, and empties that into a server. Its script is what was asked of it.
type ringer struct {
	script
	t     *testing.T
	pages string // where it answers
}

// startRinger starts one with a ring of so many bytes.
func startRinger(t *testing.T, to, framing string, size int) *ringer {
	t.Helper()
	r := &ringer{t: t, pages: ownAddress()}
	config := filepath.Join(t.TempDir(), "haproxy.cfg")
	text := fmt.Sprintf(`ring twin
    format rfc5424
    maxlen 1200
    size %d
    timeout connect 5s
    timeout server 10s
    server cms-a %s log-proto %s
global
    log ring@twin format rfc5424 local0
defaults
    mode http
    log global
    option httplog
    option dontlognull
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend pages
    bind %s
    http-request return status 200
`, size, to, framing, r.pages)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon.Start(t, exec.Command("haproxy", "-db", "-f", config)).Listens(r.pages) // no request, and no line in its log
	return r
}

// ask asks for n pages, each of which has a number.
func (r *ringer) ask(n int) {
	r.t.Helper()
	for range n {
		r.next(1)
		answer, err := http.Get(fmt.Sprintf("http://%s/page-%d-", r.pages, len(r.lines())))
		if err != nil {
			r.t.Fatal(err)
		}
		answer.Body.Close()
	}
}

// pageOf returns the number of the page that a line of HAProxy's log tells of,
// -1 for one that tells how many did not go into the ring.
func pageOf(raw string) (n int) {
	if dropped(raw) > 0 {
		return -1
	}
	_, rest, _ := strings.Cut(raw, "/page-")
	if !strings.HasSuffix(rest, "- HTTP/1.1\"") {
		return 0 // half a line
	}
	fmt.Sscanf(rest, "%d", &n)
	return n
}

func dropped(raw string) (n int) {
	fmt.Sscanf(raw[strings.LastIndex(raw, " - - ")+5:], "%d event", &n)
	return n
}

// TestRealSyslogOfHaproxy has HAProxy log requests to its ring, which it empties
// into a feed in either framing: each request is a whole record with the time
// that HAProxy gave it. The server is killed, and what is asked for meanwhile
// waits in the ring as far as that reaches: that takes nothing more once it is
// full, and says later how many that were. They are of a time that is in a gap.
func TestRealSyslogOfHaproxy(t *testing.T) {
	t.Parallel()
	for _, framing := range []string{"octet-count", "legacy"} {
		for _, large := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s,large=%t", framing, large), func(t *testing.T) {
				t.Parallel()
				ringOverKill(t, framing, large)
			})
		}
	}
}

func ringOverKill(t *testing.T, framing string, large bool) {
	s, host, port := newSyslog(t)
	r := startRinger(t, net.JoinHostPort(host, port), framing, map[bool]int{true: 1 << 20, false: 16 << 10}[large])
	r.ask(100)
	s.awaitNumber("log", 100, pageOf)
	s.kill()
	r.ask(200)
	s.start()
	eventually(t, "HAProxy is heard again", func() bool {
		r.ask(1)
		held := s.counted("log", pageOf)
		return held[len(r.lines())] > 0
	})
	s.noneTwice("log", r.lines(), pageOf)
	lacks := s.account("log", r.lines(), pageOf)
	told := 0
	for _, row := range s.export("log") {
		told += dropped(row.Raw)
	}
	t.Logf("of %d pages, %d are missing, and HAProxy says of %d that it dropped them", len(r.lines()), len(lacks), told)
	if large == (told > 0) || told > len(lacks) { // what it wrote to a dying server is missing too
		t.Errorf("missing: %v", lacks)
	}
	s.stop()
}
