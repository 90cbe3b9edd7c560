package link

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// verbPing says nothing but that the one who asks is there. No handler hears it.
const verbPing = "link.ping"

// A steady is the other side of a session, of which is known since when a read
// or a write waits for it. The system's sshd keeps a connection, and what runs
// for it, for hours after the other machine is gone, and answers for whoever
// froze there: so a twin says something now and then, and is gone if it does not.
type steady struct {
	io.ReadWriter
	born             time.Time
	reading, writing atomic.Int64 // nanoseconds from born; 0 while none waits
}

func newSteady(rw io.ReadWriter) *steady { return &steady{ReadWriter: rw, born: time.Now()} }

// Read implements io.Reader.
func (s *steady) Read(p []byte) (int, error) {
	s.reading.Store(s.now())
	defer s.reading.Store(0)
	return s.ReadWriter.Read(p)
}

// Write implements io.Writer.
func (s *steady) Write(p []byte) (int, error) {
	s.writing.Store(s.now())
	defer s.writing.Store(0)
	return s.ReadWriter.Write(p)
}

// Close closes what can be closed. What cannot ends when the process does.
func (s *steady) Close() error {
	if closer, ok := s.ReadWriter.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func (s *steady) now() int64 { return max(1, int64(time.Since(s.born))) }

// waits tells for how long the longest of what waits has waited.
func (s *steady) waits() time.Duration {
	longest := time.Duration(0)
	for _, since := range []int64{s.reading.Load(), s.writing.Load()} {
		if since > 0 {
			longest = max(longest, time.Since(s.born)-time.Duration(since))
		}
	}
	return longest
}

// serve runs f until it ends, ctx does, or the other side lets us wait for longer
// than idle: ErrMute. Then a read or a write that cannot be woken is left behind.
func (s *steady) serve(ctx context.Context, idle time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- watched(ctx, s.ReadWriter, f) }()
	look := time.NewTicker(idle / 4)
	defer look.Stop()
	for {
		select {
		case err := <-result:
			return err
		case <-look.C:
		}
		if s.waits() < idle {
			continue
		}
		cancel()
		select {
		case <-result:
		case <-time.After(lastWords):
		}
		return fmt.Errorf("%w: nothing came or went for %s", ErrMute, idle)
	}
}
