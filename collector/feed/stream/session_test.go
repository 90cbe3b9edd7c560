package stream

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// pipe is a dialling source at work, in a synctest bubble.
type pipe struct {
	upstream net.Conn
	q        *feed.Queue
	ended    chan *feed.Lost
}

func newPipe(t *testing.T, h Hearing) *pipe {
	p := &pipe{q: newStore().q, ended: make(chan *feed.Lost, 1)}
	h.Limit, h.Frames, h.Log = frameLimit, lines, slog.New(slog.DiscardHandler)
	h.Format = func([]byte) (record.Instant, error) { return record.At(time.Now()), nil }
	var conn net.Conn
	p.upstream, conn = net.Pipe()
	d := &dialer{hearing: h}
	go func() {
		lost, _ := d.serve(context.Background(), feed.Door{Conn: conn, Address: "pipe"}, feed.Start{}, p.q).(*feed.Lost)
		p.ended <- lost
	}()
	t.Cleanup(func() { _ = p.upstream.Close() })
	return p
}

// proven returns how long ago coverage ends.
func (p *pipe) proven() time.Duration {
	synctest.Wait()
	var until record.Instant
	if b, ok := p.q.Take(); ok {
		p.q.Done()
		for _, m := range b.Marks {
			if m.What == feed.ProofMark {
				until = max(until, m.Until)
			}
		}
	}
	return record.At(time.Now()).Sub(until)
}

func TestProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Hearing{Late: 5 * time.Second})
		time.Sleep(time.Minute)
		if ago := p.proven(); ago < 15*time.Second || ago > 19*time.Second {
			t.Errorf("in a quiet minute proven up to %s ago", ago)
		}
		say(t, p.upstream, "a\nhalf")
		time.Sleep(time.Minute)
		if ago := p.proven(); ago < 65*time.Second {
			t.Errorf("half a line waits for a minute: proven up to %s ago", ago)
		}
		say(t, p.upstream, "\n")
		time.Sleep(10 * time.Second)
		if ago := p.proven(); ago > 19*time.Second {
			t.Errorf("after its end: proven up to %s ago", ago)
		}
		_ = p.upstream.Close()
		if lost := <-p.ended; lost.Reason != feed.Unreachable {
			t.Errorf("ended: %v", lost)
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Hearing{Silence: time.Minute})
		began := time.Now()
		time.Sleep(50 * time.Second)
		say(t, p.upstream, "a\n")
		lost := <-p.ended
		if lost.Reason != feed.Mute || time.Since(began) != 110*time.Second {
			t.Errorf("after %s: %v", time.Since(began), lost)
		}
	})
}
