package lines

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// hearing is how connections are listened to.
type hearing struct {
	limit   int
	format  feed.Format
	late    time.Duration // what arrived proves coverage up to this long before
	silence time.Duration // the longest that an upstream keeps; 0 is for ever
	log     *slog.Logger
}

// A session is all open connections of a feed: the queue knows only one.
type session struct {
	hearing
	q *feed.Queue

	// mu is held by whoever tells q, which may block it. Both q and the format
	// expect one goroutine.
	mu      sync.Mutex
	address string
	open    map[*connection]struct{}
	begun   bool
	proven  record.Instant
}

func newSession(h hearing, q *feed.Queue) *session {
	return &session{hearing: h, q: q, open: make(map[*connection]struct{})}
}

// at says where the session is held.
func (s *session) at(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = address
}

// join takes a connection in. The session begins with its first record or with
// the next tick, whichever is earlier.
func (s *session) join(conn net.Conn) *connection {
	c := &connection{Conn: conn, session: s, opened: time.Now()}
	c.lines = feed.NewLineReader(c, s.limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = struct{}{}
	return c
}

// begin opens the session, unless it is open. The caller holds mu.
func (s *session) begin(b feed.Session) {
	if s.begun {
		return
	}
	s.q.Begin(b, s.address)
	s.begun, s.proven = true, b.From
}

// leave takes a connection out that ended for that reason. Was it the last
// one, or did it end so that something may be missing, then the session ends.
func (s *session) leave(c *connection, why *feed.Lost) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	if !s.begun || len(s.open) > 0 && (c.whole || !c.known.Load()) {
		return
	}
	if c.whole {
		s.prove(time.Now())
	}
	s.q.End(why.Reason, why.Err)
	s.begun = false
	if len(s.open) > 0 {
		s.begin(feed.Session{From: record.At(time.Now())})
	}
}

// tick begins the session if that is due, and proves coverage.
func (s *session) tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == 0 {
		return
	}
	first := now
	for c := range s.open {
		if c.opened.Before(first) {
			first = c.opened
		}
	}
	s.begin(feed.Session{From: record.At(first)})
	s.prove(now)
}

// prove tells q up to when everything has arrived: up to now, unless something
// that arrived is not a record yet. Who never said a record cannot hold it up.
func (s *session) prove(now time.Time) {
	until := record.At(now)
	for c := range s.open {
		if since := record.Instant(c.waiting.Load()); since != 0 && c.known.Load() {
			until = min(until, since)
		}
	}
	until = until.Add(-s.late)
	if until > s.proven {
		s.proven = until
		s.q.Proof(until)
	}
}

// run ticks each second until ctx ends.
func (s *session) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.tick(now)
		}
	}
}
