package faults

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A hall says its script to all who are in it, each line once. Who comes late
// or comes back hears what is said from then on.
type hall struct {
	script
	net.Listener
	rate atomic.Int64 // lines a second; 0 is silence

	news sync.Mutex
	more chan struct{} // closed and made anew when something was said
}

// breath is how often a hall says something: each time costs every server that
// hears it a flush of its disk, and many of them hear the same one.
const breath = 250 * time.Millisecond

// newHall opens one that is silent.
func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{Listener: listen(t), more: make(chan struct{})}
	serve(t, h.Listener, h.tell)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for ; ctx.Err() == nil; pause(ctx, breath) {
			if n := int(h.rate.Load()) / int(time.Second/breath); n > 0 {
				h.say(n)
			}
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return h
}

// say says n lines now.
func (h *hall) say(n int) {
	h.next(n)
	h.news.Lock()
	defer h.news.Unlock()
	close(h.more)
	h.more = make(chan struct{})
}

// tell tells one listener. One that does not read for long is let go.
func (h *hall) tell(ctx context.Context, conn net.Conn) {
	for at := len(h.lines()); ctx.Err() == nil; {
		h.news.Lock()
		more := h.more
		h.news.Unlock()
		said := h.lines()
		if at < len(said) {
			text := strings.Join(said[at:], "\n") + "\n"
			at = len(said)
			conn.SetWriteDeadline(time.Now().Add(patience))
			if _, err := conn.Write([]byte(text)); err != nil {
				return
			}
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}

// section returns the [[feed]] that hears it. Until a line has come through two
// programs of a machine that has others to serve, a moment may pass.
func (h *hall) section(name string) string { return dialled(name, h.Addr()) + "late = \"1s\"\n" }
