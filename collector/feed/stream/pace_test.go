package stream

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

func TestReach(t *testing.T) {
	const late = 2 * time.Second
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) record.Instant { return record.At(now.Add(-d)) }
	until := ago(3 * time.Second) // as it would be without lag
	for _, c := range []struct {
		name string
		old  time.Duration // what came last was older than its arrival by that
		came time.Duration // it came so long ago
		want record.Instant
	}{
		{"fresh", time.Second, 0, until},
		{"as old as may be", late, 0, until},
		{"catching up", time.Hour, 0, ago(time.Hour)},
		{"catching up, something is under way", time.Hour, 10 * time.Minute, ago(time.Hour + 10*time.Minute)},
		{"nearly there, and no further than proof", 2500 * time.Millisecond, 0, until},
		{"its clock is ahead", -time.Minute, 0, until},
	} {
		came := now.Add(-c.came)
		p := pace{last: record.At(came.Add(-c.old)), came: came}
		if got := p.reach(until, late); got != c.want {
			t.Errorf("%s: proven until %s, want %s", c.name, got, c.want)
		}
	}
	if got := (pace{}).reach(until, late); got != until {
		t.Errorf("before the first record, or caught up: %s", got)
	}
}

// debtor answers when it is told to.
type debtor struct {
	Frames
	since, paid time.Time
}

func (d *debtor) Answer(ctx context.Context)    { <-ctx.Done() }
func (d *debtor) Debt() (since, paid time.Time) { return d.since, d.paid }

func TestWhatIsUnderWay(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		name             string
		arrived, waiting time.Time
		debt             debtor
		want             busy
	}{
		{"nothing", ago(time.Minute), time.Time{}, debtor{}, busy{quiet: time.Minute}},
		{"half a frame", ago(time.Second), ago(time.Second), debtor{}, busy{since: record.At(ago(time.Second))}},
		{"an answer", ago(time.Second), time.Time{}, debtor{since: ago(time.Hour)}, busy{since: record.At(ago(time.Hour))}},
		{"both", ago(time.Second), ago(time.Minute), debtor{since: ago(time.Second)}, busy{since: record.At(ago(time.Minute))}},
		{"answered late", ago(time.Minute), time.Time{}, debtor{paid: ago(time.Second)}, busy{quiet: time.Second}},
	} {
		conn := &connection{frames: &c.debt}
		conn.arrived.Store(int64(record.At(c.arrived)))
		if !c.waiting.IsZero() {
			conn.waiting.Store(int64(record.At(c.waiting)))
		}
		if got := conn.seen(now); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// keeper is a room whose upstream keeps what it could not deliver: what it says
// is old by so many seconds, or "bad".
func keeper(t *testing.T, covered time.Duration) (r *room, old *time.Duration) {
	old = new(time.Duration)
	r = newRoomOf(t, func(h *Hearing, zero record.Instant) feed.Start {
		h.Lags, h.Keeps = true, true
		fresh := h.Format
		h.Format = func(line []byte) (record.Instant, error) {
			at, err := fresh(line)
			return at.Add(-*old), err
		}
		return feed.Start{CoveredUntil: zero.Add(-covered)}
	})
	return r, old
}

// An upstream that keeps what it could not deliver leaves no gap, and proves
// what it showed until it has caught up.
func TestWhoKeepsGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, old := keeper(t, time.Hour)
		up := r.connect()
		*old = 50 * time.Minute
		say(t, up, "a\n")
		r.pass(1)
		r.check("begin -1h0m0s on", -3000)
		*old = 20 * time.Minute
		say(t, up, "b\n")
		r.pass(1)
		r.check("begin -1h0m0s on", -1199)
		r.pass(12)
		r.check("begin -1h0m0s on", 2) // it said nothing more: as any that is quiet
		r.hangUp(up)
		r.check("begin -1h0m0s on, end unreachable", 12)
		r.pass(60)
		*old = 0
		up = r.connect()
		say(t, up, "c\n")
		r.check("begin -1h0m0s on, end unreachable, begin 12s on", 12)
		r.pass(3)
		r.check("begin -1h0m0s on, end unreachable, begin 12s on", 72)
	})
}

// What was rejected last cannot be placed in time: there is a gap.
func TestWhoKeepsDoesNotGoOnBehindARejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := keeper(t, time.Hour)
		up := r.connect()
		say(t, up, "a\nbad\n")
		r.hangUp(up)
		r.pass(60)
		say(t, r.connect(), "b\n")
		words, _ := r.marks()
		if want := "begin -1h0m0s on, hole, end unreachable, begin 1m0s"; words != want {
			t.Errorf("told %q, want %q", words, want)
		}
	})
}

// A new connection may come before the loss of the old one is noticed. One that
// was there beside it all the time says nothing of what it lost.
func TestWhoKeepsChangesConnections(t *testing.T) {
	for name, c := range map[string]struct {
		beside bool
		want   string
	}{
		"followed": {false, "begin -1h0m0s on, end unreachable, begin 8s on"},
		"beside":   {true, "begin -1h0m0s on, end unreachable, begin 20s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _ := keeper(t, time.Hour)
				one := r.connect()
				say(t, one, "a\n")
				var two net.Conn
				if c.beside {
					two = r.connect()
				}
				r.pass(10)
				say(t, one, "cut")
				r.pass(5)
				if two == nil {
					two = r.connect()
				}
				say(t, two, "b\n")
				r.pass(5)
				r.hangUp(one)
				if words, _ := r.marks(); words != c.want {
					t.Errorf("told %q, want %q", words, c.want)
				}
			})
		})
	}
}
