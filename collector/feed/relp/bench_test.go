package relp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/fixtures/await"
)

// BenchmarkWindow is the way of lines of 200 bytes over loopback from a sender
// with a window of 128, until each is answered by a store that keeps nothing.
// Beside it stands BenchmarkHear of package stream: lines, which nothing
// acknowledges.
func BenchmarkWindow(b *testing.B) {
	const number, window = 50_000, 128
	o := listening()
	c := config(b, "text", o)
	s := newStore()
	src, err := Kind().Open(c)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{}, 2)
	go func() { drain(ctx, s); done <- struct{}{} }()
	go func() { _ = src.Run(ctx, feed.Start{}, s.q); done <- struct{}{} }()
	b.Cleanup(func() { cancel(); <-done; <-done })
	await.Until(b, "listen", func() bool { return s.q.Health().Err != nil })
	address := s.q.Health().Address
	b.SetBytes(200 * number)
	for b.Loop() {
		send(b, address, number, window)
	}
	b.ReportMetric(float64(number)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// drain throws away what it takes.
func drain(ctx context.Context, s *store) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		}
		for _, ok := s.q.Take(); ok; _, ok = s.q.Take() {
			s.q.Done()
		}
	}
}

// send sends lines, of which no more than a window are unanswered.
func send(b *testing.B, address string, number, window int) {
	up := dial(b, address)
	defer up.Close()
	up.expect(b, "1 rsp")
	_ = up.SetDeadline(time.Now().Add(time.Minute))
	tokens := make(chan struct{}, window)
	read := make(chan error, 1)
	go func() { read <- count(bufio.NewReader(up), number, tokens) }() // all that was answered so far was read
	out := bufio.NewWriterSize(up, 64<<10)
	line := bytes.Repeat([]byte("x"), 200)
	for i := range number {
		select {
		case tokens <- struct{}{}:
		default:
			if err := out.Flush(); err != nil {
				b.Fatal(err)
			}
			tokens <- struct{}{}
		}
		copy(line, fmt.Appendf(nil, "1767225600,%09d,", i))
		if _, err := out.Write(appendFrame(nil, i+2, "syslog", string(line))); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := <-read; err != nil {
		b.Fatal(err)
	}
}

// count takes a token back with each answer, each of which is a line.
func count(in *bufio.Reader, number int, tokens <-chan struct{}) error {
	for range number {
		if _, err := in.ReadSlice('\n'); err != nil {
			return err
		}
		<-tokens
	}
	return nil
}
