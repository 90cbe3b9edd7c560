package stream

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

// caught is a session with one connection that has said a record, of which
// nobody reads what it says next, as while a process stands still.
func caught(t *testing.T) (*session, *connection, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	upstream := connect(t, ln.Addr().String())
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	format := func([]byte) (record.Instant, error) { return record.At(time.Now()), nil }
	s := newSession(Hearing{Limit: frameLimit, Frames: lines, Format: format, Log: slog.New(slog.DiscardHandler)}, newStore().q, feed.Start{})
	c := s.join(conn)
	s.mu.Lock()
	s.enter(c)
	s.mu.Unlock()
	s.tick(time.Now())
	return s, c, upstream
}

// What arrived while the process stood still is read before anything is proven
// by the time that went by.
func TestNothingIsProvenBeforeWhatWasBufferedIsRead(t *testing.T) {
	s, c, upstream := caught(t)
	began, proven := time.Now(), s.proven
	say(t, upstream, "while it stood still\n")
	await.Until(t, "it has arrived", func() bool { return !c.empty() })
	for _, at := range []time.Duration{time.Minute, time.Minute + tickEvery, time.Minute + 2*tickEvery} {
		if s.tick(began.Add(at)); s.proven != proven {
			t.Fatalf("after %s %s was proven, unread", at, s.proven)
		}
	}
	ended := make(chan *feed.Lost, 1)
	go func() { ended <- c.hear(context.Background()) }()
	await.Until(t, "it was read", func() bool { return c.empty() && c.waiting.Load() == 0 })
	s.tick(began.Add(time.Minute + 3*tickEvery))
	if least := record.At(began.Add(time.Minute - blind)); s.proven < least {
		t.Errorf("after it was read %s is proven, want at least %s", s.proven, least)
	}
	_ = upstream.Close()
	<-ended
}

// A quiet connection that stood still with us is heard on, though it says nothing.
func TestAQuietConnectionIsProvenAfterTheThaw(t *testing.T) {
	s, _, _ := caught(t)
	began, proven := time.Now(), s.proven
	if s.tick(began.Add(time.Minute)); s.proven != proven {
		t.Errorf("at the first tick %s was proven", s.proven)
	}
	if s.tick(began.Add(time.Minute + tickEvery)); s.proven < record.At(began.Add(time.Minute-blind)) {
		t.Errorf("at the next one only %s is proven", s.proven)
	}
}

// Who hung up while the process stood still may have said more to nobody.
func TestWhoLeftMeanwhileProvesNothing(t *testing.T) {
	s, c, upstream := caught(t)
	proven := s.proven
	_ = upstream.Close()
	why := c.hear(t.Context())
	if !c.whole {
		t.Fatalf("it ended with %v", why)
	}
	s.looked = time.Now().Add(-time.Minute)
	s.leave(c, why)
	if s.proven != proven || s.left != 0 || s.begun {
		t.Errorf("proven %s, left %s, begun %v", s.proven, s.left, s.begun)
	}
}
