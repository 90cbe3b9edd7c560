package faults

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	burst      = 20                    // lines that are said at once
	burstEvery = 20 * time.Millisecond // so that it is 1,000 a second
)

// timeSpec says where the lines of these upstreams have their time.
const timeSpec = "time = {field = 1, layout = \"epoch\"}\n"

// A script is what an upstream says, numbered from 1, and remembers.
type script struct {
	mu   sync.Mutex
	said []string
}

// next makes n more lines, of now.
func (s *script) next(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	at := record.At(time.Now())
	for range n {
		line := fmt.Sprintf("%d.%06d line %d %s", at/record.Second, at%record.Second, len(s.said)+1, strings.Repeat("x", 100))
		s.said = append(s.said, line)
		text.WriteString(line + "\n")
	}
	return text.String()
}

// lines returns what was said until now.
func (s *script) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[:len(s.said):len(s.said)]
}

// A speaker says its script to whoever connects, each line once.
type speaker struct {
	script
	net.Listener
}

// newSpeaker makes an upstream that can be dialled.
func newSpeaker(t *testing.T) *speaker {
	t.Helper()
	s := &speaker{Listener: listen(t)}
	serve(t, s.Listener, func(ctx context.Context, conn net.Conn) {
		for ctx.Err() == nil {
			if _, err := conn.Write([]byte(s.next(burst))); err != nil {
				return
			}
			pause(ctx, burstEvery)
		}
	})
	return s
}

// section returns the [[feed]] that hears it.
func (s *speaker) section(name string) string { return dialled(name, s.Addr()) }

func dialled(name string, addresses ...net.Addr) string {
	doors := make([]string, len(addresses))
	for i, a := range addresses {
		doors[i] = fmt.Sprintf("%q", "tcp://"+a.String())
	}
	return fmt.Sprintf("[[feed]]\nname = %q\nkind = \"lines\"\naddresses = [%s]\n%s", name, strings.Join(doors, ", "), timeSpec)
}

func listening(name string) string {
	return fmt.Sprintf("[[feed]]\nname = %q\nkind = \"lines\"\nlisten = \"127.0.0.1:0\"\n%s", name, timeSpec)
}

func tailed(name, path string) string {
	return fmt.Sprintf("[[feed]]\nname = %q\nkind = \"tail\"\nformat = \"text\"\npath = %q\n%s", name, path, timeSpec)
}

// A writer writes its script to a file.
type writer struct {
	script
	path string
	stop func() // waits until it has
}

// newWriter makes an upstream that can be followed.
func newWriter(t *testing.T) *writer { return newWriterOf(t, burst) }

// newWriterOf makes one that writes so many lines at once.
func newWriterOf(t *testing.T, lines int) *writer {
	t.Helper()
	w := &writer{path: t.TempDir() + "/said.log"}
	f, err := os.Create(w.path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		defer f.Close()
		for ctx.Err() == nil {
			if _, err := f.WriteString(w.next(lines)); err != nil {
				t.Error(err)
				return
			}
			pause(ctx, burstEvery)
		}
	})
	w.stop = func() { cancel(); all.Wait() }
	t.Cleanup(w.stop)
	return w
}

// section returns the [[feed]] that follows it.
func (w *writer) section(name string) string { return tailed(name, w.path) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// serve calls talk for each connection, until the test ends.
func serve(t *testing.T, l net.Listener, talk func(context.Context, net.Conn)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			all.Go(func() {
				defer stop()
				defer conn.Close()
				talk(ctx, conn)
			})
		}
	})
	t.Cleanup(func() { cancel(); l.Close(); all.Wait() })
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// timeOf and numberOf read a line of a script.
func timeOf(line string) time.Time {
	var seconds, micros int64
	fmt.Sscanf(line, "%d.%d", &seconds, &micros)
	return time.Unix(seconds, micros*1000)
}

func numberOf(line string) (n int) {
	_, rest, _ := strings.Cut(line, " line ")
	fmt.Sscanf(rest, "%d", &n)
	return n
}
