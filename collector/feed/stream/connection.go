package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A connection is one delivery. One goroutine hears it.
type connection struct {
	net.Conn
	session  *session
	frames   Frames
	ordinals record.Ordinals
	opened   time.Time
	spoilt   record.Instant // when something of it was rejected last; the session's mu guards it
	whole    bool           // it ended behind a line, by the other side's will

	arrived atomic.Int64 // when something was read last, or it was opened, as a record.Instant
	waiting atomic.Int64 // since when something that arrived is not a record yet, as a record.Instant; or 0
	known   atomic.Bool  // it has said a record
	stale   atomic.Bool  // this process stood still, and what arrived meanwhile may not have been read
}

// Read notes what arrives when, and for how long nothing did.
func (c *connection) Read(p []byte) (int, error) {
	if silence := c.session.Silence; silence > 0 {
		if err := c.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		now := int64(record.At(time.Now()))
		c.arrived.Store(now)
		c.waiting.CompareAndSwap(0, now)
	}
	return n, err
}

// hear tells the session what the connection says, until it ends or ctx does,
// and returns why. Whoever ends ctx wakes the connection's reads too.
func (c *connection) hear(ctx context.Context) *feed.Lost {
	for {
		if !c.frames.Buffered() {
			c.rest()
			if ctx.Err() != nil {
				return &feed.Lost{Reason: feed.Stopped, Err: ctx.Err()}
			}
		}
		line, err := c.frames.Next()
		if err == nil {
			err = c.session.tell(ctx, c, line)
		} else if long, ok := errors.AsType[*feed.LongLineError](err); ok {
			err = nil
			c.session.reject(c, long.Head, long)
		}
		if err != nil {
			return c.ended(ctx, err)
		}
	}
}

// rest is called when there is nothing to tell until more was read.
func (c *connection) rest() {
	since := int64(0)
	if size, _ := c.frames.Unfinished(); size > 0 {
		since = c.arrived.Load()
	}
	c.session.q.Flush()
	c.waiting.Store(since)
	if since == 0 && c.stale.Load() && c.empty() {
		c.stale.Store(false)
	}
}

// ended says why there is nothing more to hear.
func (c *connection) ended(ctx context.Context, err error) *feed.Lost {
	size, head := c.frames.Unfinished()
	if c.frames.TooLong() {
		c.session.reject(c, head, &feed.LongLineError{Limit: c.session.Limit, Head: head})
	}
	switch {
	case ctx.Err() != nil:
		return &feed.Lost{Reason: feed.Stopped, Err: ctx.Err()}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &feed.Lost{Reason: feed.Mute, Err: fmt.Errorf("said nothing for %s", c.session.Silence)}
	case errors.Is(err, io.EOF) && size > 0:
		err = fmt.Errorf("closed in the middle of a line: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, io.EOF):
		c.whole = true
		c.arrived.Store(int64(record.At(time.Now()))) // the end did
	}
	return &feed.Lost{Reason: feed.Unreachable, Err: err}
}

// tell makes a record of a line.
func (s *session) tell(ctx context.Context, c *connection, line []byte) error {
	if len(line) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, err := s.Format(line)
	if err != nil {
		s.refuse(c, line, err)
		return nil
	}
	s.enter(c)
	r := record.New(at, 0, line)
	r.N = c.ordinals.Next(at, r.Digest)
	return s.q.Record(ctx, r, nil)
}

func (s *session) reject(c *connection, head []byte, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse(c, head, why)
}

// refuse is reject for whoever holds mu.
func (s *session) refuse(c *connection, head []byte, why error) {
	c.spoilt = record.At(time.Now())
	s.q.Reject(feed.Rejected, why.Error(), head, nil)
}
