package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// stream gives the same lines of 200 bytes a number of times, each time with
// other seconds.
type stream struct {
	block []byte
	rest  []byte
	left  int
	at    int
}

const blockLines = 1000

func newStream(lines int) *stream {
	s := &stream{left: lines / blockLines, at: 1767225600}
	for i := range blockLines {
		line := fmt.Appendf(nil, "%d,%06d,", s.at, i)
		s.block = append(s.block, append(line, bytes.Repeat([]byte("x"), 199-len(line))...)...)
		s.block = append(s.block, '\n')
	}
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		if s.left == 0 {
			return 0, io.EOF
		}
		s.left, s.at, s.rest = s.left-1, s.at+1, s.block
		for i := range blockLines {
			copy(s.block[i*200:], fmt.Appendf(nil, "%d", s.at))
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// conn is a connection that says a stream.
type conn struct {
	net.Conn
	*stream
}

func (c conn) Read(p []byte) (int, error) { return c.stream.Read(p) }

// BenchmarkHear is the way of a line from its connection into the queue, which
// a goroutine empties.
func BenchmarkHear(b *testing.B) {
	const number = 200_000
	b.SetBytes(200 * number)
	b.ReportAllocs()
	for b.Loop() {
		s := newStore()
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() { drain(ctx, s) })
		session := newSession(hearing(b), s.q, feed.Start{})
		session.join(conn{stream: newStream(number)}).hear(ctx)
		cancel()
		all.Wait()
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

// BenchmarkDigest is the part of it that cannot be saved.
func BenchmarkDigest(b *testing.B) {
	line := bytes.Repeat([]byte("x"), 200)
	b.SetBytes(200)
	for b.Loop() {
		record.DigestOf(line)
	}
}
