package bench

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/twinctl/twin/collector/feed/replay"
)

// window is how many messages of RELP may be unanswered: rsyslog's own number.
const window = 128

// A relp is the sender's end of a conversation.
type relp struct {
	net.Conn
	talk *replay.Talk
}

// byRELP says lines by RELP, each in a frame that is answered.
func byRELP(b *testing.B, address, _ string) talk {
	b.Helper()
	conn := dial(b, address)
	b.Cleanup(func() { conn.Close() })
	r := &relp{conn, replay.NewTalk(conn)}
	if _, err := r.Write(r.talk.Command(nil, "open", replay.Offers)); err != nil {
		b.Fatal(err)
	}
	if err := r.answered(); err != nil {
		b.Fatal(err)
	}
	return r.say
}

// say says n lines, and returns once all are answered.
func (r *relp) say(n int) error {
	tokens := make(chan struct{}, window)
	heard := make(chan error, 1)
	go func() {
		var err error
		for range n {
			if err = r.answered(); err != nil {
				r.Close() // so that the other goroutine ends too
				break
			}
			<-tokens
		}
		heard <- err
	}()
	out := bufio.NewWriterSize(r, 1<<16)
	var frame []byte
	for line := range made(n) {
		if len(tokens) == window { // what is said must go out
			if err := out.Flush(); err != nil {
				return errors.Join(err, <-heard)
			}
		}
		select {
		case tokens <- struct{}{}:
		case err := <-heard:
			return err
		}
		frame = r.talk.Command(frame[:0], "syslog", string(line))
		if _, err := out.Write(frame); err != nil {
			return errors.Join(err, <-heard)
		}
	}
	if err := out.Flush(); err != nil {
		return errors.Join(err, <-heard)
	}
	return <-heard
}

// answered reads one answer, which is to be that it was done.
func (r *relp) answered() error {
	a, err := r.talk.Answer()
	if err == nil && !a.OK() {
		err = fmt.Errorf("answered %q", a)
	}
	return err
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
