package bench

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A talk says n more lines to a server, and returns once all are said.
type talk func(n int) error

// A way is how the same lines come to a server by one kind.
type way struct {
	name    string
	section string // of twin.toml; %[1]s is an address, %[2]s a directory
	open    func(b *testing.B, address, dir string) talk
}

const (
	linesSection = "kind = \"lines\"\nlisten = \"%[1]s\"\n"
	relpSection  = "kind = \"relp\"\nformat = \"text\"\nlisten = \"%[1]s\"\n"
)

// ways are all kinds that can be told lines. The first is the measure of the others.
var ways = [...]way{
	{"lines", linesSection, byLines},
	{"syslog-tcp", "kind = \"syslog\"\ntransport = \"tcp\"\nformat = \"text\"\nlisten = \"%[1]s\"\n", byCounts},
	{"syslog-udp", "kind = \"syslog\"\ntransport = \"udp\"\nformat = \"text\"\nlisten = \"%[1]s\"\n", byDatagrams},
	{"relp", relpSection, byRELP},
	{"tail", "kind = \"tail\"\nformat = \"text\"\npath = \"%[2]s/grows\"\n", byFile},
	{"files", "kind = \"files\"\nformat = \"text\"\ndir = \"%[2]s\"\nmask = \"said-*\"\nage = \"0s\"\npoll = \"1s\"\nlate = \"1m\"\n", byFiles},
}

// BenchmarkKinds has a server hear the same lines by one kind after the other,
// from what its upstream says to committed and flushed, and tells how many times
// as many a second each takes as the kind lines does.
func BenchmarkKinds(b *testing.B) {
	for b.Loop() {
		base := 0.0
		for _, w := range ways {
			rate := w.rate(b, lineCount/5)
			if base == 0 {
				base = rate
				b.ReportMetric(rate, w.name+"/s")
				continue
			}
			b.ReportMetric(rate/base, "x-"+w.name)
		}
	}
}

// rate returns how many of n lines a second a server stores: from the first ones
// that it has, because a look at a directory may have to be waited for.
func (w way) rate(b *testing.B, n int64) float64 {
	b.Helper()
	address, dir := freeAddress(b), b.TempDir()
	t := startTwindOf(b, "[[feed]]\nname = \"feed0\"\n"+fmt.Sprintf(w.section+timeSpec+"# %[1]s %[2]s\n", address, dir))
	say := w.open(b, address, dir)
	if err := say(1); err != nil {
		b.Fatal(err)
	}
	t.await(b, 1)
	spoke := make(chan error, 1)
	go func() { spoke <- say(int(n)) }()
	t.await(b, 2)
	begun, had := time.Now(), t.records(b)
	t.await(b, 1+n)
	took := time.Since(begun)
	if err := <-spoke; err != nil {
		b.Fatal(err)
	}
	t.end()
	return float64(1+n-had) / took.Seconds()
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// header is what stands before a line in a syslog message.
const header = "<134>1 2026-11-02T08:30:00.123456+00:00 pbx.example queue_log 4711 - - "

// byLines says lines over TCP.
func byLines(b *testing.B, address, _ string) talk {
	b.Helper()
	conn := dial(b, address)
	b.Cleanup(func() { conn.Close() })
	return func(n int) error { return lines(conn, n) }
}

// byCounts says syslog messages over TCP, each behind the count of its octets.
func byCounts(b *testing.B, address, _ string) talk {
	b.Helper()
	conn := dial(b, address)
	b.Cleanup(func() { conn.Close() })
	return func(n int) error {
		out := bufio.NewWriterSize(conn, 1<<16)
		for line := range made(n) {
			if _, err := fmt.Fprintf(out, "%d %s%s", len(header)+len(line), header, line); err != nil {
				return err
			}
		}
		return out.Flush()
	}
}

// byDatagrams says syslog messages over UDP, no faster than they are fetched: what
// the kernel throws away measures nothing.
func byDatagrams(b *testing.B, address, _ string) talk {
	b.Helper()
	conn, err := net.Dial("udp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	for deadline := time.Now().Add(10 * time.Second); unfetched(address) < 0; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("nobody listens on %s", address)
		}
	}
	return func(n int) error {
		const look, most = 32, 64 << 10 // datagrams, and bytes that the kernel takes for all of them
		message := []byte(header)
		said := 0
		for line := range made(n) {
			if said++; said%look == 0 {
				for unfetched(address) > most {
					<-time.After(50 * time.Microsecond)
				}
			}
			if _, err := conn.Write(append(message[:len(header)], line...)); err != nil {
				return err
			}
		}
		return nil
	}
}

// unfetched returns how many bytes the kernel holds for who listens for datagrams
// at an address of 127.0.0.1; -1 if nobody does.
func unfetched(address string) (bytes int) {
	text, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return -1
	}
	_, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	_, queues, ok := strings.Cut(string(text), fmt.Sprintf(" 0100007F:%04X 00000000:0000 07 ", n))
	var out int
	if _, err := fmt.Sscanf(queues, "%x:%x", &out, &bytes); !ok || err != nil {
		return -1
	}
	return bytes
}

// byFile appends lines to a file that is followed.
func byFile(b *testing.B, _, dir string) talk {
	b.Helper()
	file, err := os.OpenFile(filepath.Join(dir, "grows"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { file.Close() })
	return func(n int) error { return lines(file, n) }
}

// byFiles puts a file of lines into a directory that is looked at.
func byFiles(_ *testing.B, _, dir string) talk {
	files := 0
	return func(n int) error {
		files++
		path := filepath.Join(dir, fmt.Sprintf("said-%d", files))
		file, err := os.Create(path + ".part")
		if err != nil {
			return err
		}
		if err := errors.Join(lines(file, n), file.Close()); err != nil {
			return err
		}
		return os.Rename(path+".part", path)
	}
}
