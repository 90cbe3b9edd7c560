//go:build real

package faults

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// unread returns how many bytes the kernel holds for who listens on an address,
// and does not fetch them.
func unread(t *testing.T, address string) (bytes int) {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	local := fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(a.IP.To4()), a.Port)
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var in, out int
		fields := strings.Fields(lines.Text()) // number, local, remote, state, queues
		if fields[1] != local || fields[3] != "01" {
			continue
		}
		if _, err := fmt.Sscanf(fields[4], "%x:%x", &out, &in); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		bytes += in
	}
	return bytes
}

// A tap lets connections through to an address, and remembers what each of them
// said.
type tap struct {
	net.Listener
	mu   sync.Mutex
	said []*bytes.Buffer
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	w := &tap{Listener: listen(t)}
	serve(t, w.Listener, func(ctx context.Context, near net.Conn) {
		far, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer context.AfterFunc(ctx, func() { far.Close() })()
		go func() { // that the far end is gone tells the near one
			_, _ = io.Copy(io.Discard, far)
			near.Close()
		}()
		defer far.Close()
		text := new(bytes.Buffer)
		w.mu.Lock()
		w.said = append(w.said, text)
		w.mu.Unlock()
		_, _ = io.Copy(far, io.TeeReader(near, lockedWriter{&w.mu, text}))
	})
	return w
}

type lockedWriter struct {
	mu *sync.Mutex
	to io.Writer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

var numbered = regexp.MustCompile(` line (\d+) x`)

// most returns how often a connection said each number, of the one that said it
// most often: rsyslog repeats what it is not sure of.
func (w *tap) most() map[int]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := map[int]int{}
	for _, text := range w.said {
		here := map[int]int{}
		for _, match := range numbered.FindAllSubmatch(text.Bytes(), -1) {
			n, _ := strconv.Atoi(string(match[1])) // digits
			here[n]++
			most[n] = max(most[n], here[n])
		}
	}
	return most
}

// byTCP are the feeds that rsyslog can reach by plain TCP.
var byTCP = [...]struct{ name, kind, framing, template string }{
	{"messages", "kind = \"syslog\"\ntransport = \"tcp\"\n", "octet-counted", "RSYSLOG_SyslogProtocol23Format"},
	{"lines", "kind = \"lines\"\n" + timeSpec, "traditional", "line"},
}

// A site is a server of these feeds, behind taps.
type site struct {
	*server
	listens [len(byTCP)]string
	taps    [len(byTCP)]*tap
}

// newSite starts one, and returns how rsyslog sends to it.
func newSite(t *testing.T, name string) (s *site, actions string) {
	t.Helper()
	s = &site{}
	var sections []string
	for i, f := range byTCP {
		s.listens[i] = ownAddress()
		s.taps[i] = newTap(t, s.listens[i])
		sections = append(sections, fmt.Sprintf("[[feed]]\nname = %q\nlisten = %q\n%s", f.name, s.listens[i], f.kind))
		host, port, err := net.SplitHostPort(s.taps[i].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		actions += fmt.Sprintf(`    action(type="omfwd" protocol="tcp" target=%q port=%q TCP_Framing=%q template=%q
           action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="linkedList")
`, host, port, f.framing, f.template)
	}
	s.server = newServer(t, sections...)
	s.name = name
	s.start()
	for _, address := range s.listens {
		s.said(address) // that it listens there
	}
	return s, actions
}

// asSaid demands that a site holds no number more often than a connection said it.
func (s *site) asSaid() {
	s.t.Helper()
	for i, f := range byTCP {
		said := s.taps[i].most()
		for n, times := range s.counted(f.name, numberOf) {
			if times > said[n] {
				s.t.Errorf("%s: feed %s holds number %d %d times, and it was said %d times", s.name, f.name, n, times, said[n])
			}
		}
	}
}

// TestRealRsyslogByTCP has rsyslog send numbered lines to two servers by plain
// TCP, which acknowledges nothing, freezes one of them until the kernel holds
// much for it, and kills it. The other one has all. Neither has anything more often
// than it was said, and what was lost with the one is of a time that is in its gaps.
func TestRealRsyslogByTCP(t *testing.T) {
	t.Parallel()
	a, toA := newSite(t, "cms-a")
	b, toB := newSite(t, "cms-b")
	said := newTeller(t)
	dir := t.TempDir()
	l := newLoggerOf(t, dir, fmt.Sprintf(`global(workDirectory=%q)
module(load="imfile")
template(name="line" type="string" string="%%msg%%")
input(type="imfile" file=%q tag="pbx:" ruleset="twin")
ruleset(name="twin") {
%s}
`, dir, said.file.Name(), toA+toB))
	l.start()
	both := func() {
		t.Helper()
		for _, s := range []*site{a, b} {
			for _, f := range byTCP {
				s.awaitNumber(f.name, len(said.lines()), numberOf)
			}
		}
	}
	said.tell(200)
	both()

	a.signal(syscall.SIGSTOP)
	said.tell(200)
	for _, address := range a.listens {
		eventually(t, "the kernel holds all of it", func() bool { return unread(t, address) >= 200*len(said.lines()[0]) })
	}
	a.kill()
	said.tell(200)
	a.start()
	said.tell(200)
	for i := range byTCP { // what rsyslog writes to who is gone is lost
		eventually(t, a.name+" is heard again", func() bool {
			said.tell(1)
			return a.counted(byTCP[i].name, numberOf)[len(said.lines())] > 0
		})
	}
	both()
	for _, f := range byTCP {
		lost := a.account(f.name, said.lines(), numberOf)
		t.Logf("%s: %d of %d were lost with %s", f.name, len(lost), len(said.lines()), a.name)
		if len(lost) < 200 {
			t.Errorf("%s: what the kernel held was not lost", f.name)
		}
		if lacks := b.account(f.name, said.lines(), numberOf); len(lacks) > 0 {
			t.Errorf("%s: %s, which was never away, lacks %v", f.name, b.name, lacks)
		}
	}
	for _, s := range []*site{a, b} {
		s.asSaid()
		s.stop()
	}
}
