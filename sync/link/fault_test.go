package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// converse does what a link is for, and returns the first error, and how many
// bytes had gone over the network before the last thing that went well.
func converse(ctx context.Context, target link.Target, o link.Options) (login, all int64, err error) {
	c, err := link.Dial(ctx, target, o)
	if err != nil {
		return 0, 0, err
	}
	login = c.BytesIn() + c.BytesOut()
	defer func() {
		all = c.BytesIn() + c.BytesOut()
		err = errors.Join(err, c.Close())
	}()
	for i := range 3 {
		var got int
		if err := c.Call(ctx, "echo", i, &got); err != nil {
			return login, 0, err
		}
	}
	f, size, err := c.Open(ctx, "count/300000")
	if err != nil {
		return login, 0, err
	}
	defer f.Close()
	n, err := io.Copy(io.Discard, f)
	if err == nil && n != size {
		err = fmt.Errorf("a file of %d bytes gave %d, and no error", size, n)
	}
	if err != nil {
		return login, 0, err
	}
	return login, 0, c.Put(ctx, "count/300000", counted(300_000), 300_000)
}

// points are where a conversation is disturbed: half of them before the login
// is over, the others from there to the last byte.
func points(t *testing.T, h host, n int64) []int64 {
	t.Helper()
	login, all, err := converse(t.Context(), h.target, link.Options{})
	must(t, err)
	var at []int64
	for i := range n / 2 {
		at = append(at, login*i/(n/2), login+(all-login)*i/(n/2))
	}
	return at
}

// cuts cuts a conversation at 64 points.
func cuts(t *testing.T, h host) {
	before := runtime.NumGoroutine()
	for _, at := range points(t, h, 64) {
		began := time.Now()
		_, _, err := converse(t.Context(), newProxy(t, h, at, false), link.Options{})
		if !errors.Is(err, link.ErrLost) {
			t.Errorf("cut after %d bytes: %v", at, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("cut after %d bytes: noticed after %s", at, took)
		}
	}
	// Each proxy waits in two goroutines for the end of the test.
	await.Until(t, "nothing is left behind", func() bool { return runtime.NumGoroutine() <= before+3*64+4 })
	_, _, err := converse(t.Context(), h.target, link.Options{}) // whoever served is none the worse for it
	must(t, err)
}

// holds lets nothing through any more at 16 points, with the connection open.
func holds(t *testing.T, h host) {
	var all sync.WaitGroup
	for _, at := range points(t, h, 16) {
		target := newProxy(t, h, at, true)
		all.Go(func() {
			began := time.Now()
			_, _, err := converse(t.Context(), target,
				link.Options{Login: 2 * time.Second, Answer: time.Second, Keepalive: 200 * time.Millisecond})
			if !errors.Is(err, link.ErrMute) && !errors.Is(err, link.ErrFrozen) {
				t.Errorf("held after %d bytes: %v", at, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("held after %d bytes: noticed after %s", at, took)
			}
		})
	}
	all.Wait()
}

// frozen stops the processes that serve, with their connections open.
func frozen(t *testing.T, h host) {
	c := dial(t, h.target, link.Options{Keepalive: 200 * time.Millisecond})
	must(t, c.Call(t.Context(), "echo", 1, nil))
	thaw := h.freeze()
	defer thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, "echo", 1, nil); !errors.Is(err, link.ErrFrozen) || errors.Is(err, link.ErrLost) {
		t.Errorf("a call to a frozen twin: %v", err)
	}
	if err := c.Call(t.Context(), "echo", 1, nil); !errors.Is(err, link.ErrFrozen) {
		t.Errorf("a call that waits for a frozen twin: %v", err)
	}
	if err := c.Wait(); !errors.Is(err, link.ErrFrozen) || !errors.Is(err, link.ErrLost) {
		t.Errorf("the link to a frozen twin ended by %v", err)
	}
	if _, err := link.Dial(t.Context(), h.target, hasty()); !errors.Is(err, link.ErrMute) {
		t.Errorf("dialling a frozen twin: %v", err)
	}
	thaw()
	_, _, err := converse(t.Context(), h.target, link.Options{})
	must(t, err)
}

func TestUnreachable(t *testing.T) {
	h := embedded(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := at(t, h, listener.Addr().String())
	must(t, listener.Close())
	wantDial(t, nobody, link.ErrUnreachable, "nothing listens there")
	wantDial(t, at(t, h, "no-such-host.invalid:22"), link.ErrUnreachable, "no")
	noAddress := h.target
	noAddress.Address = "host"
	if _, err := link.Dial(t.Context(), noAddress, link.Options{}); err == nil {
		t.Error("an address without user is dialled")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := link.Dial(ctx, h.target, link.Options{}); !errors.Is(err, context.Canceled) || errors.Is(err, link.ErrUnreachable) {
		t.Errorf("a dial that was given up: %v", err)
	}
}
