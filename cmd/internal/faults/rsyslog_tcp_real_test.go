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
	t        *testing.T
	from, to string
	mu       sync.Mutex
	said     []*bytes.Buffer
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	w := &tap{t: t, from: ownAddress(), to: to}
	w.open()
	return w
}

// open lets connections through, until it is closed: then nobody is there for
// who connects.
func (w *tap) open() {
	w.t.Helper()
	var err error
	if w.Listener, err = net.Listen("tcp", w.from); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.Close() })
	serve(w.t, w.Listener, func(ctx context.Context, near net.Conn) {
		far, err := net.Dial("tcp", w.to)
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

// numbered is a message of RFC 5424, or a line.
var numbered = regexp.MustCompile(`(?:<\d+>1 [^<\n]*)?line (\d+) x`)

// most returns how often each number was said. What rsyslog is not sure of it
// repeats in another connection, so that counts where it said it most often. A
// line that it read again, as it may once it was killed, is another message.
func (w *tap) most() map[int]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	said, numberIn := map[string]int{}, map[string]int{}
	for _, text := range w.said {
		here := map[string]int{}
		for _, match := range numbered.FindAllSubmatch(text.Bytes(), -1) {
			one := string(match[0])
			here[one]++
			said[one] = max(said[one], here[one])
			numberIn[one], _ = strconv.Atoi(string(match[1])) // digits
		}
	}
	most := map[int]int{}
	for one, times := range said {
		most[numberIn[one]] += times
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
		host, port, err := net.SplitHostPort(s.taps[i].from)
		if err != nil {
			t.Fatal(err)
		}
		actions += fmt.Sprintf(`    action(type="omfwd" protocol="tcp" target=%q port=%q TCP_Framing=%q template=%q
           action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1"
           queue.type="disk" queue.filename="%s-%s" queue.saveOnShutdown="on"
           queue.checkpointInterval="1" queue.syncQueueFiles="on")
`, host, port, f.framing, f.template, name, f.name)
	}
	s.server = newServer(t, sections...)
	s.name = name
	s.start()
	for _, address := range s.listens {
		s.said(address) // that it listens there
	}
	return s, actions
}

// crash kills it, and leaves nobody whom rsyslog could connect to.
func (s *site) crash() {
	s.t.Helper()
	for _, w := range s.taps {
		w.Close()
	}
	s.kill()
}

// comeBack starts it again, and lets rsyslog connect once it listens.
func (s *site) comeBack() {
	s.t.Helper()
	s.start()
	for i, w := range s.taps {
		s.said(s.listens[i])
		w.open()
	}
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
// TCP, which acknowledges nothing, from a queue on disk for each. One server is
// frozen until the kernel holds much for it, and killed; while it is away rsyslog
// is stopped, started, killed and started; and once it is back rsyslog is killed
// as it speaks to both. What was lost with the server, or on its way as rsyslog
// was killed, is of a time that is in the gaps of who lacks it. What waited on
// disk is not lost, and nobody has anything more often than it was said. (One
// that is killed may forget how far it had read, and say all of it again.)
func TestRealRsyslogByTCP(t *testing.T) {
	t.Parallel()
	a, toA := newSite(t, "cms-a")
	b, toB := newSite(t, "cms-b")
	said := newTeller(t)
	dir := t.TempDir()
	l := newLoggerOf(t, dir, fmt.Sprintf(`global(workDirectory=%q)
module(load="imfile")
template(name="line" type="string" string="%%msg%%")
input(type="imfile" file=%q tag="pbx:" ruleset="twin" persistStateInterval="1" maxSubmitAtOnce="1")
ruleset(name="twin" queue.type="direct") {
%s}
`, dir, said.file.Name(), toA+toB)) // the queues of a are before those of b
	l.start()
	have := func(sites ...*site) {
		t.Helper()
		for _, s := range sites {
			for _, f := range byTCP {
				s.awaitNumber(f.name, len(said.lines()), numberOf)
			}
		}
	}
	said.tell(200)
	have(a, b)

	a.signal(syscall.SIGSTOP)
	said.tell(200)
	for _, address := range a.listens {
		eventually(t, "the kernel holds all of it", func() bool { return unread(t, address) >= 200*len(said.lines()[0]) })
	}
	held := said.lines()[200:]
	a.crash()
	said.tell(200) // what rsyslog writes to who is gone is lost
	have(b)
	l.End(syscall.SIGTERM)
	for _, f := range byTCP {
		if lacks := b.account(f.name, said.lines(), numberOf); len(lacks) > 0 {
			t.Errorf("%s: %s, which was never away, lacks %v", f.name, b.name, lacks)
		}
	}

	waits := len(said.lines()) // and from here on, rsyslog knows that nobody is there
	said.tell(200)
	l.start()
	said.tell(200)
	have(b)
	l.kill()
	said.tell(200)
	l.start()
	have(b)
	waited := len(said.lines())
	a.comeBack()
	said.tell(200)
	have(a, b)

	said.tell(200)
	l.kill()
	l.start()
	said.tell(200)
	have(a, b)
	for _, f := range byTCP {
		lost, lacks := a.account(f.name, said.lines(), numberOf), b.account(f.name, said.lines(), numberOf)
		t.Logf("%s: of %d, %d were lost with %s, and %d of what %s was told", f.name, len(said.lines()), len(lost), a.name, len(lacks), b.name)
		gaps := a.gaps(f.name)
		for _, line := range held { // unless rsyslog read it again, it is lost too
			if !inGaps(gaps, timeOf(line)) {
				t.Errorf("%s: %s never read %.40q, and no gap says so: %+v", f.name, a.name, line, gaps)
			}
		}
		for _, n := range lost {
			if n > waits && n <= waited {
				t.Errorf("%s: %s lacks number %d, which waited on disk for it", f.name, a.name, n)
			}
		}
	}
	for _, s := range []*site{a, b} {
		s.asSaid()
		s.stop()
	}
}
