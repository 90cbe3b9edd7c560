package stream

import (
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	tickEvery = time.Second
	frozen    = 2 * time.Second        // that a tick may be late before this process, or its machine, stood still
	awake     = 500 * time.Millisecond // after which what was read before it stood still is marked as such
)

// look notes that the session is alive, before anything is made of what the
// connections have said. One that stood still has not read what arrived
// meanwhile, nor noticed who left: then nothing is proven before each connection
// was found with nothing to read. The caller holds mu.
func (s *session) look(now time.Time) {
	if was := s.looked; !was.IsZero() && max(now.Sub(was), now.Round(0).Sub(was.Round(0))) > tickEvery+frozen {
		s.thawed = now
		for c := range s.open {
			c.stale.Store(true)
		}
	}
	s.looked = now
}

// settled tells whether all that had arrived at a connection when this process
// stood still was read.
func (s *session) settled(c *connection, now time.Time) bool {
	if c.stale.Load() && now.Sub(s.thawed) >= awake && c.waiting.Load() == 0 && c.empty() {
		c.stale.Store(false)
	}
	return !c.stale.Load()
}

// empty tells whether nothing waits to be read, nor the end. What cannot tell
// holds nothing back, as far as is known.
func (c *connection) empty() bool {
	conn := c.Conn
	if secret, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secret.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false // it is closed: its reader takes notice
	}
	nothing := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		nothing = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && nothing
}
