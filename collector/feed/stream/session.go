package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	blind = 10 * time.Second // that a broken network may go unnoticed: see bind
	alone = time.Second      // that nobody may be heard before it is said
)

// A session is all open connections of a feed: the queue knows only one.
type session struct {
	Hearing
	q *feed.Queue

	// mu is held by whoever tells q, which may block it. Both q and the format
	// expect one goroutine.
	mu      sync.Mutex
	address string
	dialled *connection // by us, the only one; nil where the upstream dials
	open    map[*connection]struct{}
	begun   bool
	proven  record.Instant // up to here in this session, or in the last one
	spoilt  bool           // something was rejected, and no record came since
	untimed record.Instant // of the last record that had no time of its own
	left    record.Instant // when the last one left behind a line, so that nothing is missing; or 0
	broken  record.Instant // since when nothing is missing
	turned  record.Instant // until when somebody who was turned away may not have come back
	away    error          // who that was, and why

	looked time.Time // when it was seen to be alive last
	thawed time.Time // when it was found to have stood still last

	bound time.Time // since when the address is had and nobody is known; zero while it is not had
	gone  error     // who was the last, and why that one left
	told  string    // why nobody is heard, as q heard it last
}

func newSession(h Hearing, q *feed.Queue, from feed.Start) *session {
	return &session{Hearing: h, q: q, proven: from.CoveredUntil, open: make(map[*connection]struct{})}
}

// at says where the session is held.
func (s *session) at(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = address
}

// join takes a connection in. The session begins with its first record; when we
// dialled, after a second at the latest.
func (s *session) join(conn net.Conn) *connection {
	c := &connection{Conn: conn, session: s, opened: time.Now(), closed: make(chan struct{})}
	c.arrived.Store(int64(record.At(c.opened)))
	c.frames = s.Frames(c, s.q)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = struct{}{}
	return c
}

// enter is called with each record of a connection. The first one tells that
// it is the upstream's, which therefore was heard since it was opened: not
// before something was rejected or cut, but without a break if the last one
// left, in order, only after that. An upstream that keeps what it cannot deliver
// goes on where it was heard last, unless something of that was rejected. While
// somebody who was turned away is missed, nothing begins.
func (s *session) enter(c *connection) {
	c.known.Store(true)
	if s.begun || s.crowded(time.Now()) {
		return
	}
	from := max(record.At(c.opened), c.spoilt, s.broken, s.turned)
	if c == s.dialled {
		from = max(from, record.Instant(c.arrived.Load()))
	}
	if s.Keeps && s.proven != 0 && !s.spoilt && s.proven >= s.turned {
		s.begin(feed.Session{From: s.proven, Continues: true})
		return
	}
	if from == c.spoilt {
		s.q.End(feed.Rejected, errSpoilt)
	}
	s.begin(feed.Session{From: from, Continues: s.left != 0 && from <= s.left})
}

var errSpoilt = errors.New("what came first cannot be read")

// begin opens the session. The caller holds mu.
func (s *session) begin(b feed.Session) {
	b.Several = s.dialled == nil
	s.q.Begin(b, s.address)
	s.begun, s.proven = true, b.From
	s.gone, s.told = nil, ""
}

// leave takes a connection out that ended for that reason. Was it the last
// that is known, or did it end so that something may be missing, then the
// session ends. Who said no record is not missed, unless we broke on it.
func (s *session) leave(c *connection, why *feed.Lost) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(time.Now())
	if why.Reason == feed.Stopped && s.begun { // all of them
		s.prove(time.Now())
		s.q.End(feed.Stopped, nil)
		s.begun = false
	}
	delete(s.open, c)
	whole := c.whole && !c.stale.Load() // else it left while we stood still, nobody knows when
	missing := !whole && (c.known.Load() || why.Reason == feed.Crashed)
	others := s.known()
	if !missing && (others || !c.known.Load()) {
		return
	}
	now := time.Now()
	if s.left = record.At(now); missing {
		s.left, s.broken = 0, record.At(now)
	}
	if !s.begun { // while somebody is missed; nobody known may be left
		s.left, s.told = 0, ""
		return
	}
	if whole {
		s.prove(now, c)
	}
	s.begun, s.bound = false, now
	if others {
		s.q.End(why.Reason, fmt.Errorf("connection from %s: %w", c.RemoteAddr(), why.Err))
		again := feed.Session{From: record.At(now)}
		if s.Keeps && s.followed(c) {
			again = feed.Session{From: s.proven, Continues: true}
		}
		s.begin(again)
		return
	}
	s.gone = fmt.Errorf("nobody is connected (the last was %s: %w)", c.RemoteAddr(), why.Err)
	if c.whole {
		s.gone = fmt.Errorf("nobody is connected (the last was %s, it closed)", c.RemoteAddr())
	}
	s.deaf(why.Reason, s.gone)
}

// followed tells whether those that are known came after a connection had
// said its last: then it is they that say what it did not.
func (s *session) followed(c *connection) bool {
	last := time.UnixMicro(c.arrived.Load())
	for other := range s.open {
		if other.known.Load() && other.opened.Before(last) {
			return false
		}
	}
	return true
}

// known tells whether one is open that has said a record.
func (s *session) known() bool {
	for c := range s.open {
		if c.known.Load() {
			return true
		}
	}
	return false
}

// deaf tells q that nobody is heard, and why. The address is listened on.
func (s *session) deaf(reason feed.Reason, why error) {
	s.q.End(reason, why)
	s.q.Report(feed.Health{State: feed.Connecting, Address: s.address, Err: why})
	s.told = why.Error()
}

// tick proves coverage, or says that there is nobody to hear.
func (s *session) tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(now)
	switch {
	case s.begun:
		s.prove(now)
	case s.dialled != nil:
		s.attend(now)
	case s.turned != 0 && s.known():
		s.again(now)
	case !s.bound.IsZero() && now.Sub(s.bound) >= alone:
		if why := s.nobody(now); why.Error() != s.told {
			s.deaf(feed.Unreachable, why)
		}
	}
}

// attend begins the session of an upstream that we dialled and that has said
// nothing for a second. Before that it may not have taken us up: its kernel
// answers earlier, and what it says in between only others hear.
func (s *session) attend(now time.Time) {
	if now.Sub(s.dialled.opened) >= alone {
		s.begin(feed.Session{From: record.At(now)})
	}
}

// nobody says why nobody is heard.
func (s *session) nobody(now time.Time) error {
	var oldest *connection
	for c := range s.open {
		if oldest == nil || c.opened.Before(oldest.opened) {
			oldest = c
		}
	}
	switch {
	case s.crowded(now):
		return s.away
	case oldest != nil && now.Sub(oldest.opened) >= strange:
		return fmt.Errorf("%s is connected, but has said no record yet", oldest.RemoteAddr())
	case s.gone != nil:
		return s.gone
	}
	return ErrWaiting
}

// prove tells q up to when everything has arrived: up to what arrived last, and
// up to so long ago that a broken network would have been noticed, unless
// something that arrived is not a record yet. Who never said a record cannot
// hold it up; who left just now behind a frame had its say too. Nothing is
// proven while what arrived may not have been read: see look.
func (s *session) prove(now time.Time, left ...*connection) {
	until := record.At(now).Add(-s.Late)
	for _, c := range left {
		until = min(until, s.reach(c, now))
	}
	for c := range s.open {
		if !c.known.Load() {
			continue
		}
		if !s.settled(c, now) {
			return
		}
		until = min(until, s.reach(c, now))
	}
	if until > s.proven {
		s.proven = until
		s.q.Proof(until)
	}
}

// reach returns up to when all has come that a connection had to say.
func (s *session) reach(c *connection, now time.Time) record.Instant {
	until := max(record.Instant(c.arrived.Load()), record.At(now.Add(-blind)))
	busy := c.seen(now)
	if busy.since != 0 {
		until = min(until, busy.since)
	}
	until = until.Add(-s.Late)
	if busy.quiet >= s.Late {
		c.pace = pace{} // it has caught up, and its end alone does not take that back
	}
	if s.Lags {
		until = c.pace.reach(until, s.Late)
	}
	return until
}

// run ticks each second until ctx ends.
func (s *session) run(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
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
