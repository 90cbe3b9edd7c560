package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
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
	pace     pace           // of what it says; the session's mu guards it
	whole    bool           // it ended behind a frame, by the other side's will

	arrived atomic.Int64 // when something was read last, or it was opened, as a record.Instant
	waiting atomic.Int64 // since when something that arrived is not a record yet, as a record.Instant; or 0
	known   atomic.Bool  // it has said a record
	hushed  atomic.Bool  // nothing more is to be read
	ousted  atomic.Bool  // it was closed so that another has its place
	stale   atomic.Bool  // this process stood still, and what arrived meanwhile may not have been read

	closing sync.Once
	closed  chan struct{} // by us
}

// Close closes the connection, and ends its waiting. Once more does no harm.
func (c *connection) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// wait waits for so long, until ctx ends, or until we close the connection.
func (c *connection) wait(ctx context.Context, d time.Duration) error {
	c.session.q.Flush()
	select {
	case <-time.After(d):
		return nil
	case <-c.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Read notes what arrives when, and for how long nothing did.
func (c *connection) Read(p []byte) (int, error) {
	if silence := c.session.Silence; silence > 0 {
		if err := c.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return 0, err
		}
		if c.hushed.Load() { // just now, and this took it back
			c.hush()
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
		frame, err := c.frames.Next()
		if err == nil {
			err = c.session.tell(ctx, c, frame)
		} else if head, ok := unfit(err); ok {
			c.session.reject(c, head, err)
			err = nil
		}
		if err != nil {
			return c.ended(ctx, err)
		}
	}
}

// converse hears the connection, and answers it where it is a conversation.
func (c *connection) converse(ctx context.Context) *feed.Lost {
	a, ok := c.frames.(Answerer)
	if !ok {
		return c.hear(ctx)
	}
	answering, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { a.Answer(answering) })
	defer beside.Wait()
	defer stop()
	return c.hear(ctx)
}

// hush ends the hearing. What was heard may be answered still.
func (c *connection) hush() {
	c.hushed.Store(true)
	if _, ok := c.frames.(Answerer); !ok || c.SetReadDeadline(time.Unix(1, 0)) != nil {
		_ = c.Close() // its goroutine takes notice
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

// unfit tells whether an error stands for one frame, and returns its beginning.
func unfit(err error) (head []byte, ok bool) {
	if long, ok := errors.AsType[*feed.LongLineError](err); ok {
		return long.Head, true
	}
	if u, ok := errors.AsType[*Unfit](err); ok {
		return u.Head, true
	}
	return nil, false
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
	case c.ousted.Load():
		return &feed.Lost{Reason: feed.Overrun, Err: errOusted}
	case errors.Is(err, os.ErrDeadlineExceeded) && c.session.Silence > 0:
		return &feed.Lost{Reason: feed.Mute, Err: fmt.Errorf("said nothing for %s", c.session.Silence)}
	case errors.Is(err, io.EOF) && size > 0:
		err = fmt.Errorf("closed in the middle of a record: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, io.EOF):
		c.whole = true
		c.arrived.Store(int64(record.At(time.Now()))) // the end did
	}
	return &feed.Lost{Reason: feed.Unreachable, Err: err}
}

var errOusted = errors.New("it was silent, and made room for another")

// tell makes a record of a frame. One whose time is too far from all others
// waits, and with it its connection alone.
func (s *session) tell(ctx context.Context, c *connection, frame []byte) error {
	if len(frame) == 0 {
		return nil
	}
	for {
		early, err := s.keep(ctx, c, frame)
		if err != nil || early == 0 {
			return err
		}
		if err := c.wait(ctx, early); err != nil {
			return err
		}
	}
}

// keep is tell, or returns how long to wait before it may be called again.
func (s *session) keep(ctx context.Context, c *connection, frame []byte) (early time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r record.Record
	at, err := s.Format(frame)
	switch {
	case errors.Is(err, feed.ErrNoTime):
		r = record.New(s.arrival(), record.Untimed, frame)
	case err != nil:
		s.refuse(c, 0, frame, err)
		return 0, nil
	default:
		if early := s.q.Early(at); early > 0 {
			return early, nil
		}
		r = record.New(at, 0, frame)
		c.pace = pace{last: at, came: time.Now()}
	}
	s.enter(c)
	s.spoilt = false
	if r.Timed() && !s.Repeats {
		r.N = c.ordinals.Next(at, r.Digest)
	}
	return 0, s.q.Record(ctx, r, nil)
}

// arrival returns the time for a record that has none: now, and never the same
// one twice.
func (s *session) arrival() record.Instant {
	s.untimed = max(record.At(time.Now()), s.untimed+1)
	return s.untimed
}

func (s *session) reject(c *connection, head []byte, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse(c, s.timeOf(head), head, why)
}

// timeOf returns the time of a rejected frame, 0 if its beginning does not tell.
func (s *session) timeOf(head []byte) record.Instant {
	if s.Body != nil {
		head = s.Body(head)
	}
	return s.Format.Told(head)
}

// refuse is reject for whoever holds mu, of a frame of that time; 0 if nobody knows.
func (s *session) refuse(c *connection, at record.Instant, head []byte, why error) {
	s.spoilt = true
	s.q.RejectOf(at, feed.Rejection{Reason: feed.Rejected, Text: why.Error(), Head: head}, nil)
	c.spoilt = record.At(time.Now()) // a session that begins here hears nothing from before it
}
