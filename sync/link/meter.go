package link

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// A meter is a connection that counts what goes through it.
type meter struct {
	net.Conn
	in, out atomic.Int64
	limit   atomic.Int64 // of bytes that may come in; 0 is any number
}

var errTooMuch = errors.New("too many bytes before login")

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	total := m.in.Add(int64(n))
	if limit := m.limit.Load(); limit > 0 && total > limit {
		return 0, errTooMuch
	}
	return n, err
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.out.Add(int64(n))
	return n, err
}

// A pulse asks the other side of a connection for life.
type pulse struct {
	conn   ssh.Conn
	meter  *meter
	every  time.Duration
	misses int
}

// watch calls end, which must end the connection, when nothing at all came in
// for misses times in a row; it returns when done is closed. Whatever comes in
// is life: an answer may stand in line behind much that was asked for earlier.
func (p pulse) watch(done <-chan struct{}, end func()) {
	answered := make(chan struct{}, 1)
	asking := false
	ask := func() {
		if asking {
			return
		}
		asking = true
		go func() {
			_, _, _ = p.conn.SendRequest("keepalive@openssh.com", true, nil) // a refusal is life too
			answered <- struct{}{}
		}()
	}
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	ask()
	for seen, silent := p.meter.in.Load(), 0; ; {
		select {
		case <-done:
			if asking {
				<-answered
			}
			return
		case <-answered:
			asking = false
		case <-ticker.C:
			now := p.meter.in.Load()
			if silent++; now != seen {
				seen, silent = now, 0
			}
			if silent >= p.misses {
				end()
			}
			ask()
		}
	}
}

// A budget bounds how often the other side may do what costs it little and us
// something: a burst at once, and some more each second.
type budget struct {
	left   float64
	burst  float64
	second float64
	last   time.Time
}

func newBudget(burst, second float64) *budget {
	return &budget{left: burst, burst: burst, second: second}
}

// spend takes one, and reports whether there was one.
func (b *budget) spend(now time.Time) bool {
	if !b.last.IsZero() {
		b.left = min(b.burst, b.left+now.Sub(b.last).Seconds()*b.second)
	}
	b.last = now
	b.left--
	return b.left >= 0
}
