package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
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
		if r := rsyslogRate(b, imrelp, byRELP, n); r > 0 {
			b.ReportMetric(r, "rsyslog/s")
			b.ReportMetric(rate/r, "x-rsyslog-sync")
		}
	}
}
