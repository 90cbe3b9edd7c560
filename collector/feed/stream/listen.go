package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	retryAfter = time.Second // when the address cannot be had
	breath     = 100 * time.Millisecond
)

// listener is a source that its upstream connects to.
type listener struct {
	ListenOptions
	from    Senders
	hearing Hearing
}

// Run listens until ctx ends. An address that cannot be had is tried again
// each second.
func (l *listener) Run(ctx context.Context, from feed.Start, q *feed.Queue) error {
	h := &hall{session: newSession(l.hearing, q, from), guests: make(map[*connection]struct{})}
	var all sync.WaitGroup
	all.Go(func() { h.session.run(ctx) })
	for ctx.Err() == nil {
		if err := l.accept(ctx, h, &all); err != nil && ctx.Err() == nil {
			h.shut(l.Listen, err)
			pause(ctx, retryAfter)
		}
	}
	all.Wait()
	q.End(feed.Stopped, nil)
	return nil
}

// accept accepts connections until that fails or ctx ends.
func (l *listener) accept(ctx context.Context, h *hall, all *sync.WaitGroup) *feed.Lost {
	ln, err := bind(ctx, l.Listen)
	if err != nil {
		return &feed.Lost{Reason: feed.Misconfig, Err: err}
	}
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer func() {
		stop()
		_ = ln.Close() // once more does no harm
	}()
	h.receive(ln.Addr().String())
	for {
		conn, err := ln.Accept()
		if exhausted(err) {
			h.log("too few resources", "err", err)
			pause(ctx, breath)
			continue
		}
		if err != nil {
			return &feed.Lost{Reason: feed.Unreachable, Err: fmt.Errorf("listen on %s: %w", l.Listen, err)}
		}
		if !l.from.has(conn.RemoteAddr()) {
			_ = conn.Close() // nothing was said
			h.log("it is not of allow_from", "from", conn.RemoteAddr().String())
			continue
		}
		secured, err := l.wrap(conn)
		if err != nil {
			_ = conn.Close() // nothing was said
			h.log("what TLS needs cannot be had", "err", err)
			continue
		}
		if c := h.admit(secured); c != nil {
			all.Go(func() { h.attend(ctx, c) })
		}
	}
}

// bind listens with keepalives that notice within ten seconds that the other
// machine is gone.
func bind(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 3 * time.Second, Interval: 2 * time.Second, Count: 3,
	}}
	ln, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: another process holds this address; find it with: ss -ltnp: %w", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return ln, nil
}

// exhausted tells whether accepting failed for want of what comes back.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ECONNABORTED)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// A hall is where connections are received: so many and no more.
type hall struct {
	session *session

	mu     sync.Mutex
	guests map[*connection]struct{}
	told   Seldom // of what strangers cause
	failed string // why the address cannot be had, as logged last; the session's mu guards it
}

// admit takes a connection in, or closes it and returns nil.
func (h *hall) admit(conn net.Conn) *connection {
	now := time.Now()
	h.mu.Lock()
	none := h.place(hostOf(conn.RemoteAddr()), now)
	h.mu.Unlock()
	if none != nil {
		_ = conn.Close() // nothing was said
		h.log("too many are open", "from", conn.RemoteAddr().String(), "err", none)
		h.session.turnAway(now, fmt.Errorf("a connection from %s was refused: %w", conn.RemoteAddr(), none))
		return nil
	}
	c := h.session.join(conn)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.guests[c] = struct{}{}
	return c
}

// attend hears a connection to its end.
func (h *hall) attend(ctx context.Context, c *connection) {
	stop := context.AfterFunc(ctx, c.hush)
	why := h.guard(ctx, c)
	stop()
	_ = c.Close() // once more does no harm
	h.tell(ctx, c, why)
	h.session.leave(c, why)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.guests, c)
}

// tell logs why a connection ended. Of strangers there may be any number: of
// them only who speaks something else is told of, now and then.
func (h *hall) tell(ctx context.Context, c *connection, why *feed.Lost) {
	foreign, ok := errors.AsType[*Foreign](why.Err)
	switch {
	case ctx.Err() != nil:
	case c.known.Load():
		h.session.Log.Info("a connection ended", "from", c.RemoteAddr().String(), "reason", string(why.Reason), "err", why.Err)
	case ok:
		h.log("it does not speak as it should", "from", c.RemoteAddr().String(), "err", foreign)
	}
}

// guard hears a connection. What one says must not end the server, nor the
// connections beside it, whatever it makes of our code.
func (h *hall) guard(ctx context.Context, c *connection) (why *feed.Lost) {
	defer func() {
		if p := recover(); p != nil {
			why = &feed.Lost{Reason: feed.Crashed, Err: fmt.Errorf("broke on what it read: %v", p)}
			c.whole = false
			h.session.Log.Error("a connection broke", "from", c.RemoteAddr().String(), "err", why.Err, "stack", string(debug.Stack()))
		}
	}()
	if err := greet(ctx, c.Conn); err != nil {
		return &feed.Lost{Reason: feed.Unreachable, Err: err}
	}
	return c.converse(ctx)
}

// log tells of what strangers can cause.
func (h *hall) log(why string, args ...any) {
	h.told.Warn(h.session.Log, "a connection was not taken", why, args...)
}

// receive says that the address is had, and waits for somebody to come.
func (h *hall) receive(address string) {
	s := h.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Log.Info("listening", "address", address)
	h.failed = ""
	s.address, s.bound, s.told = address, time.Now(), ""
	if !s.begun {
		s.q.Report(feed.Health{State: feed.Connecting, Address: address, Err: ErrWaiting})
	}
}

// shut says that the address cannot be had. Who is connected is heard on.
func (h *hall) shut(address string, why *feed.Lost) {
	s := h.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if text := why.Err.Error(); text != h.failed { // again each second
		h.failed = text
		s.Log.Warn("nobody can connect", "err", why.Err, "retry_every", retryAfter.String())
	}
	s.bound = time.Time{}
	if s.begun {
		s.q.Report(feed.Health{State: feed.Live, Address: s.address, Err: why.Err})
		return
	}
	s.q.End(why.Reason, why.Err)
	s.q.Report(feed.Health{State: feed.Down, Address: address, Err: why.Err})
}

// Test says whether the address can be listened on. Lines know no login: with
// login, twind does not have the address, and nobody else may.
func (l *listener) Test(ctx context.Context, login bool) []feed.Check {
	check := feed.Check{Name: "listen on " + l.Listen, Result: feed.Pass, Text: "the address is free"}
	ln, err := bind(ctx, l.Listen)
	switch {
	case err == nil:
		_ = ln.Close() // nobody connected
	case errors.Is(err, syscall.EADDRINUSE) && !login:
		check.Text = "twind listens there"
	default:
		check.Result, check.Text = feed.Fail, err.Error()
	}
	return []feed.Check{check}
}
