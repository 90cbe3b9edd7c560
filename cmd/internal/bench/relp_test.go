package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// window is how many messages of RELP may be unanswered: rsyslog's own number.
const window = 128

// A relp is the sender's end of a conversation.
type relp struct {
	net.Conn
	in   *bufio.Reader
	txnr int
}

// byRELP says lines by RELP, each in a frame that is answered.
func byRELP(b *testing.B, address, _ string) talk {
	b.Helper()
	r := &relp{Conn: dial(b, address)}
	b.Cleanup(func() { r.Close() })
	r.in = bufio.NewReaderSize(r, 1<<16)
	const offer = "relp_version=0\nrelp_software=bench\ncommands=syslog"
	if _, err := fmt.Fprintf(r, "1 open %d %s\n", len(offer), offer); err != nil {
		b.Fatal(err)
	}
	if err := r.answer(); err != nil {
		b.Fatal(err)
	}
	r.txnr = 1
	return r.say
}

// say says n lines, and returns once all are answered.
func (r *relp) say(n int) error {
	tokens := make(chan struct{}, window)
	heard := make(chan error, 1)
	go func() {
		var err error
		for range n {
			if err = r.answer(); err != nil {
				r.Close() // so that the other goroutine ends too
				break
			}
			<-tokens
		}
		heard <- err
	}()
	out := bufio.NewWriterSize(r, 1<<16)
	for line := range made(n) {
		select {
		case tokens <- struct{}{}:
		default: // the window is full: what is said must go out
			if err := out.Flush(); err != nil {
				return errors.Join(err, <-heard)
			}
			select {
			case tokens <- struct{}{}:
			case err := <-heard:
				return err
			}
		}
		r.txnr++
		if _, err := fmt.Fprintf(out, "%d syslog %d %s\n", r.txnr, len(line), line); err != nil {
			return errors.Join(err, <-heard)
		}
	}
	if err := out.Flush(); err != nil {
		return errors.Join(err, <-heard)
	}
	return <-heard
}

// answer reads one.
func (r *relp) answer() error {
	var txnr, size int
	var command string
	head, err := r.in.ReadString(' ')
	for range 2 {
		more, next := r.in.ReadString(' ')
		head, err = head+more, errors.Join(err, next)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(head, "%d %s %d ", &txnr, &command, &size); err != nil || command != "rsp" {
		return fmt.Errorf("not an answer: %q: %w", head, err)
	}
	text := make([]byte, size+1) // and a line feed
	if _, err := io.ReadFull(r.in, text); err != nil {
		return err
	}
	if !strings.HasPrefix(string(text), "200 ") {
		return fmt.Errorf("refused: %q", text)
	}
	return nil
}

// BenchmarkRELP has a server answer messages by RELP once they are in its history,
// and rsyslog the same ones from the same sender, once it has them: it writes
// them to a file that it flushes.
func BenchmarkRELP(b *testing.B) {
	const n = lineCount / 5
	for b.Loop() {
		rate := way{"relp", relpSection, byRELP}.rate(b, n)
		b.ReportMetric(rate, "records/s")
		b.ReportMetric(rate*lineBytes/1e6, "MB/s")
		if r := rsyslogRELP(b, n); r > 0 {
			b.ReportMetric(r, "rsyslog/s")
			b.ReportMetric(rate/r, "x-rsyslog-sync")
		}
	}
}

// rsyslogRELP returns how many lines a second rsyslog receives by RELP and writes
// to a file that it flushes; 0, and a word, where that is not installed.
func rsyslogRELP(b *testing.B, n int) float64 {
	b.Helper()
	program, err := exec.LookPath("rsyslogd")
	found, _ := filepath.Glob("/usr/lib/*/rsyslog/imrelp.so")
	if err != nil || len(found) == 0 {
		b.Log("no rsyslogd with imrelp here (Debian: rsyslog rsyslog-relp): its yardstick is left out")
		return 0
	}
	dir, address := b.TempDir(), freeAddress(b)
	_, port, _ := net.SplitHostPort(address)
	out, conf := filepath.Join(dir, "out"), filepath.Join(dir, "conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `
global(workDirectory=%q)
module(load="imrelp")
input(type="imrelp" address="127.0.0.1" port=%q ruleset="all")
template(name="raw" type="string" string="%%rawmsg%%\n")
ruleset(name="all") { action(type="omfile" file=%q template="raw" sync="on") }
`, dir, port, out), 0o600)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	say := byRELP(b, address, "")
	spoke := make(chan error, 1)
	begun := time.Now()
	go func() { spoke <- say(n) }()
	size := int64(0)
	for want := int64(n * (lineBytes + 1)); size < want; <-time.After(5 * time.Millisecond) {
		if info, err := os.Stat(out); err == nil {
			size = info.Size()
		}
		if time.Since(begun) > 2*time.Minute {
			b.Fatalf("rsyslog wrote %d of %d bytes within two minutes", size, want)
		}
	}
	took := time.Since(begun)
	if err := <-spoke; err != nil {
		b.Fatal(err)
	}
	return float64(n) / took.Seconds()
}
