package replay

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	chunk        = 64 << 10               // so much is written at a time, so that questions need not wait for long
	writeTimeout = 30 * time.Second       // who does not read for so long is dropped, as a PBX does
	askTime      = 250 * time.Millisecond // so long a newcomer may ask for the time, where the clock leaps
	newcomer     = 5 * time.Second        // so long a client that was let in is one
	never        = time.Duration(math.MaxInt64)
)

// A client is one connection and its place on the tape. One goroutine, the one
// that runs talk, uses it.
type client struct {
	conn  net.Conn
	tape  *tape
	stage *stage
	buf   []byte

	inside bool           // counts for the start
	next   int            // the event that is said next
	heard  record.Instant // of a rushed plan: everything up to here was said
	hold   time.Time      // nothing is said before
	mask   mask
}

func newClient(d *door, conn net.Conn) *client {
	return &client{conn: conn, tape: d.tape, stage: d.server.stage}
}

// A visit is what a kind does with a connection.
type visit struct {
	read   func(ctx context.Context) error // until the client is gone; says why
	asked  <-chan action                   // what read heard; nil where nobody asks
	answer func(action) error              // an error ends the visit
}

// talk says what is due when it is due, and answers, until the client is gone
// or ctx ends. It returns why, with the connection closed.
func (c *client) talk(ctx context.Context, v visit) error {
	ctx, cancel := context.WithCancel(ctx)
	gone := make(chan error, 1)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer c.conn.Close() //nolint:errcheck // it is what ends the reader
	defer cancel()
	defer c.leave()
	reader.Go(func() { gone <- v.read(ctx) })
	begun := c.stage.begun
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		wait, err := c.say(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(wait)
		select {
		case a := <-v.asked:
			if err := v.answer(a); err != nil {
				return err
			}
		case <-timer.C:
		case <-begun:
			begun = nil
		case err := <-gone:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// enter makes the client one of those that are told.
func (c *client) enter(now time.Time) {
	in := c.stage.enter(now)
	c.inside, c.heard = true, in.front
	if !in.late {
		return
	}
	if c.stage.plan.rushed() {
		c.next = c.tape.since(in.front)
		return
	}
	// By the microsecond, as the upstream's clock goes: what is said within
	// the one in which the client came belongs to it.
	c.next = c.tape.from(in.elapsed.Truncate(time.Microsecond))
}

// leave may be called at any time, and again.
func (c *client) leave() {
	if c.inside {
		c.inside = false
		c.stage.leave()
	}
}

// say writes what is due, up to a chunk, and returns how long the next event
// has to wait: 0 if it is due already.
func (c *client) say(now time.Time) (time.Duration, error) {
	if !c.inside || !c.stage.isBegun() {
		return never, nil
	}
	if wait := c.hold.Sub(now); wait > 0 {
		return wait, nil
	}
	wait := never
	for ; c.next < len(c.tape.events); c.next++ {
		e := &c.tape.events[c.next]
		if wait = c.stage.until(e, now); wait > 0 || len(c.buf) >= chunk {
			break
		}
		c.heard = max(c.heard, e.peak)
		if c.mask.admits(c.tape.classes[e.class]) {
			c.buf = c.tape.render(c.buf, e, c.stage.plan.stamp(c.stage.start, e.at))
		}
	}
	all := c.next == len(c.tape.events)
	if all {
		wait = never
	}
	if c.stage.plan.rushed() {
		// Before it is written: what may have been heard is not said again.
		c.stage.said(c.heard, all, now)
	}
	return wait, c.flush()
}

// flush writes what is in the buffer. It blocks for writeTimeout at the most.
func (c *client) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// clock returns the upstream's time as this client may know it: everything up
// to it was said.
func (c *client) clock() (record.Instant, error) {
	now := time.Now()
	if !c.stage.plan.rushed() {
		at := c.stage.clock(now)
		for {
			if wait, err := c.say(now); err != nil || wait > 0 {
				return at, err
			}
		}
	}
	if c.inside && c.next < len(c.tape.events) {
		return c.heard, nil
	}
	return c.stage.clock(now), nil
}

// discard reads until the client is gone: whoever gets lines says nothing.
func discard(conn net.Conn) error {
	if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return io.EOF
}
