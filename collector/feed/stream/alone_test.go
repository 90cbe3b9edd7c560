package stream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// taken returns how many records were told since it was asked last, and forgets them.
func (r *room) taken() (n int) {
	synctest.Wait()
	for b, ok := r.session.q.Take(); ok; b, ok = r.session.q.Take() {
		n += len(b.Records)
		r.session.q.Done()
	}
	return n
}

// Who makes up times waits, and nobody else does.
func TestWhoMakesUpTimesWaitsAlone(t *testing.T) {
	const free, more = 1000, 50 // new stretches of time in a minute
	synctest.Test(t, func(t *testing.T) {
		r := newRoomOf(t, func(h *Hearing, zero record.Instant) feed.Start {
			now := h.Format
			h.Format = func(line []byte) (record.Instant, error) {
				var n int64
				if _, err := fmt.Sscanf(string(line), "old %d", &n); err == nil {
					return zero - 2*288*record.BucketWidth - record.Instant(n)*record.BucketWidth, nil
				}
				return now(line)
			}
			return feed.Start{}
		})
		good, evil := r.connect(), r.connect()
		say(t, good, "a\n")
		r.taken()
		var old strings.Builder
		for i := range free + more {
			fmt.Fprintf(&old, "old %d\n", i)
		}
		go func() { _, _ = io.WriteString(evil, old.String()) }()
		if n := r.taken(); n != free {
			t.Fatalf("%d of the made-up times were taken, want %d", n, free)
		}
		if !r.session.mu.TryLock() {
			t.Fatal("all others wait too")
		}
		r.session.mu.Unlock()
		say(t, good, "b\n")
		say(t, r.connect(), "c\n")
		if n := r.taken(); n != 2 {
			t.Errorf("%d records of others were taken, want 2", n)
		}
		r.pass(59)
		if n := r.taken(); n != 0 {
			t.Errorf("%d more were taken before the minute was over", n)
		}
		r.pass(2)
		if n := r.taken(); n != more {
			t.Errorf("%d more were taken after a minute, want %d", n, more)
		}
	})
}

// Who waits is gone at once when its place is given to another.
func TestWhoWaitsCanBeClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		c := newSession(hearing(t), newStore().q, feed.Start{}).join(far)
		ended := make(chan error)
		go func() { ended <- c.wait(t.Context(), time.Hour) }()
		synctest.Wait()
		begun := time.Now()
		hangUp(t, c)
		if err := <-ended; !errors.Is(err, net.ErrClosed) || time.Since(begun) != 0 {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}
