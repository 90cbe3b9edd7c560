package syslog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
)

const (
	largest     = 64 << 10      // bytes of a datagram, and more than any has
	kernelRoom  = 8 << 20       // bytes of datagrams that the kernel is asked to keep for us
	proveEvery  = time.Second   // in which nothing comes
	retryAfter  = time.Second   // when the address cannot be had
	controlRoom = 2 * (16 + 16) // bytes: a time and a count
)

// datagrams is a source of UDP.
type datagrams struct {
	address string
	from    stream.Senders
	limit   int
	body    func([]byte) []byte
	format  feed.Format
	late    time.Duration
	silence time.Duration // the longest that nothing may come; 0 is for ever
	log     *slog.Logger
}

// Run listens until ctx ends. An address that cannot be had is tried again
// each second.
func (d *datagrams) Run(ctx context.Context, _ feed.Start, q *feed.Queue) error {
	told := ""
	for ctx.Err() == nil {
		why := d.listen(ctx, q).Error()
		if ctx.Err() == nil && why != told { // again each second
			told = why
			d.log.Warn("nobody is heard", "err", why, "retry_every", retryAfter.String())
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
	q.End(feed.Stopped, nil)
	return nil
}

// listen hears until that fails or ctx ends, and returns why.
func (d *datagrams) listen(ctx context.Context, q *feed.Queue) error {
	conn, err := d.bind(ctx)
	if err == nil {
		return d.guard(ctx, conn, q)
	}
	if ctx.Err() == nil {
		q.End(feed.Misconfig, err)
		q.Report(feed.Health{State: feed.Down, Address: d.address, Err: err})
	}
	return err
}

// bind has the kernel say when each datagram came, and how many it threw away.
func (d *datagrams) bind(ctx context.Context) (*net.UDPConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) {
			err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, kernelRoom) // as much as it allows
		}), err)
	}}
	conn, err := lc.ListenPacket(ctx, "udp", d.address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: another process holds this address; find it with: ss -lunp: %w", d.address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", d.address, err)
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("listen on %s: got a %T", d.address, conn)
	}
	return udp, nil
}

// guard hears until ctx ends or that fails. What one says must not end the
// server, whatever it makes of our code.
func (d *datagrams) guard(ctx context.Context, conn *net.UDPConn, q *feed.Queue) (err error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close() // once more does no harm
		if p := recover(); p != nil {
			err = fmt.Errorf("broke on what it read: %v", p)
			d.log.Error("a session broke", "err", err, "stack", string(debug.Stack()))
			q.End(feed.Crashed, err)
		}
	}()
	return d.hear(ctx, conn, q)
}

func (d *datagrams) hear(ctx context.Context, conn *net.UDPConn, q *feed.Queue) error {
	e := &ear{datagrams: d, q: q, local: conn.LocalAddr().String()}
	e.begin(time.Now())
	d.log.Info("listening", "address", conn.LocalAddr().String())
	return e.listen(ctx, conn)
}

// An ear is one session.
type ear struct {
	*datagrams
	q        *feed.Queue
	ordinals record.Ordinals
	untimed  record.Instant // of the last record that had no time of its own
	drops    drops
	proven   time.Time     // what was said before is told, or the session began then
	local    string        // address
	came     time.Time     // when the last datagram did, or the session began
	mute     bool          // nothing came for too long: there is no session
	told     stream.Seldom // of datagrams of others than are listened to
}

// begin opens a session that hears from then on.
func (e *ear) begin(from time.Time) {
	e.q.Begin(feed.Session{From: record.At(from), Several: true}, e.local)
	e.came, e.mute = time.Now(), false
	e.proven = from
}

// listen hears until that fails or ctx ends.
func (e *ear) listen(ctx context.Context, conn *net.UDPConn) error {
	message, control := make([]byte, min(e.limit, largest)+1), make([]byte, controlRoom)
	for {
		err := conn.SetReadDeadline(time.Now().Add(proveEvery))
		var n, c, flags int
		var from netip.AddrPort
		if err == nil {
			n, c, flags, from, err = conn.ReadMsgUDPAddrPort(message, control)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			e.rest(conn)
			continue
		case err != nil:
			err = fmt.Errorf("listen on %s: %w", e.address, err)
			e.q.End(feed.Unreachable, err)
			return err
		}
		came, lost := understand(control[:c])
		e.missBefore(came, lost)
		if !e.from.Have(from.Addr()) {
			e.pass(from, came)
			continue
		}
		e.come(came)
		if err := e.tell(ctx, message[:n], flags&syscall.MSG_TRUNC != 0); err != nil {
			return err
		}
		if !came.IsZero() {
			e.prove(came) // lost is of all that was thrown away before it
		}
	}
}

// come notes that a datagram came at that time; zero if the kernel does not say.
func (e *ear) come(at time.Time) {
	e.came = time.Now()
	if !e.mute {
		return
	}
	if at.IsZero() {
		at = e.came
	}
	e.begin(at)
}

// rest is told when a read has waited for long. That nothing came until now is
// so only if nothing waits now: a read ends late as well where this process
// stood still meanwhile. And only if nothing was thrown away, which no datagram
// behind it has told of.
func (e *ear) rest(conn syscall.Conn) {
	until := time.Now()
	s, err := look(conn)
	if err != nil || s.waits { // the next read says what
		return
	}
	if s.counts {
		e.miss(s.dropped, time.Now())
	}
	e.wait(until)
}

// pass passes over a datagram of somebody who is not listened to. That it came
// says only that all before was read.
func (e *ear) pass(from netip.AddrPort, came time.Time) {
	e.told.Warn(e.log, "a datagram was not taken", "it is not of allow_from", "from", from.String())
	if !came.IsZero() {
		e.wait(came)
	}
}

// wait is told when nothing came until then. Who expects something says how long
// that may be so: then nobody can be sure any more that there is a sender.
func (e *ear) wait(until time.Time) {
	switch {
	case e.mute:
	case e.silence == 0 || until.Sub(e.came) < e.silence:
		e.prove(until)
	default:
		e.mute = true
		why := fmt.Errorf("said nothing for %s", e.silence)
		e.log.Warn("the upstream is mute", "err", why)
		e.q.End(feed.Mute, why)
		e.q.Report(feed.Health{State: feed.Connecting, Address: e.local, Err: why})
	}
}

// prove says that what came up to then was read, and what was thrown away until
// then is told. It does not say so more often than each second.
func (e *ear) prove(until time.Time) {
	if said := until.Add(-e.late); said.Sub(e.proven) >= proveEvery {
		e.proven = said
		e.q.Proof(record.At(said))
	}
}

// missBefore takes the count that comes with a datagram, from when that came;
// there is none if it is zero.
func (e *ear) missBefore(came time.Time, count uint32) {
	if came.IsZero() {
		came = time.Now()
	}
	if count != 0 {
		e.miss(count, came)
	}
}

// miss tells of datagrams that the kernel threw away until then. count is of all
// since the address is had.
func (e *ear) miss(count uint32, until time.Time) {
	if n := e.drops.more(count); n > 0 {
		text := fmt.Sprintf("%d datagrams came faster than they could be read, and are lost", n)
		e.q.Lost(feed.Overrun, text, unheard(e.proven, until, e.late))
	}
}

// tell makes a record of a datagram.
func (e *ear) tell(ctx context.Context, message []byte, cut bool) error {
	if cut || len(message) > e.limit {
		at := e.format.Told(e.body(message))
		text := fmt.Sprintf("datagram is longer than frame_limit = %d", e.limit)
		e.q.RejectOf(at, feed.Rejection{Reason: feed.Rejected, Text: text, Head: message}, nil)
		return nil
	}
	raw := e.body(message)
	if len(raw) == 0 {
		return nil
	}
	at, err := e.format(raw)
	switch {
	case errors.Is(err, feed.ErrNoTime):
		e.untimed = max(record.At(time.Now()), e.untimed+1)
		return e.q.Record(ctx, record.New(e.untimed, record.Untimed, raw), nil)
	case err != nil:
		e.q.Reject(feed.Rejected, err.Error(), raw, nil)
		return nil
	}
	if e.q.Early(at) > 0 { // all others would wait with it
		e.q.Reject(feed.Overrun, feed.TooFar, raw, nil)
		return nil
	}
	r := record.New(at, 0, raw)
	r.N = e.ordinals.Next(at, r.Digest)
	return e.q.Record(ctx, r, nil)
}

// understand returns what the kernel says beside a datagram: when it came, zero
// if it does not say, and how many it threw away before.
func understand(control []byte) (came time.Time, lost uint32) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return came, 0
	}
	for _, m := range messages {
		switch {
		case m.Header.Level != unix.SOL_SOCKET:
		case m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16:
			came = time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		case m.Header.Type == unix.SO_RXQ_OVFL && len(m.Data) >= 4:
			lost = binary.NativeEndian.Uint32(m.Data)
		}
	}
	return came, lost
}

// Test says whether the address can be listened on. Datagrams know no login:
// with login, twind does not have the address, and nobody else may.
func (d *datagrams) Test(ctx context.Context, login bool) []feed.Check {
	check := feed.Check{Name: "listen on " + d.address, Result: feed.Pass, Text: "the address is free"}
	conn, err := d.bind(ctx)
	switch {
	case err == nil:
		_ = conn.Close() // nobody was heard
	case errors.Is(err, syscall.EADDRINUSE) && !login:
		check.Text = "twind listens there"
	default:
		check.Result, check.Text = feed.Fail, err.Error()
	}
	return []feed.Check{check}
}
