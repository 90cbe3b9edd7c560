package stream

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// A room is a listening source at work, in a synctest bubble: who connects
// does so by a pipe. A line is of the time at which it is read, unless it is
// "bad"; "panic" breaks the format.
type room struct {
	*hall
	t    *testing.T
	zero record.Instant
	log  bytes.Buffer
	all  []feed.Mark
}

func newRoom(t *testing.T) *room {
	return newRoomOf(t, func(*Hearing, record.Instant) feed.Start { return feed.Start{} })
}

// newRoomOf lets with change how the room hears, and say where it starts.
func newRoomOf(t *testing.T, with func(h *Hearing, zero record.Instant) feed.Start) *room {
	r := &room{t: t, zero: record.At(time.Now())}
	format := func(line []byte) (record.Instant, error) {
		switch string(line) {
		case "bad":
			return 0, errSpoilt
		case "panic":
			panic("index out of range")
		}
		return record.At(time.Now()), nil
	}
	h := Hearing{Limit: frameLimit, Frames: lines, Format: format, Late: 2 * time.Second, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	from := with(&h, r.zero)
	r.hall = &hall{session: newSession(h, newStore().q, from), guests: make(map[*connection]struct{})}
	r.receive("here")
	go r.session.run(t.Context())
	return r
}

func (r *room) connect() net.Conn {
	near, far := net.Pipe()
	go r.attend(r.t.Context(), r.admit(far))
	r.t.Cleanup(func() { _ = near.Close() })
	return near
}

// pass lets that many seconds go by.
func (r *room) pass(seconds int) {
	<-time.After(time.Duration(seconds) * time.Second)
	synctest.Wait()
}

func (r *room) hangUp(conn net.Conn) {
	hangUp(r.t, conn)
	synctest.Wait()
}

// marks returns what was told so far but proof, in words, and what is proven
// in whole seconds since the beginning.
func (r *room) marks() (words string, proven int64) {
	synctest.Wait()
	if b, ok := r.session.q.Take(); ok {
		r.all = append(r.all, b.Marks...)
		r.session.q.Done()
	}
	second := func(at record.Instant) string { return time.Duration((at - r.zero) * 1000).Round(time.Second).String() }
	var all []string
	for _, m := range r.all {
		switch m.What {
		case feed.BeginMark:
			text := "begin " + second(m.From)
			if m.Begin.Continues {
				text += " on"
			}
			all = append(all, text)
		case feed.EndMark:
			all = append(all, "end "+string(m.Reason))
		case feed.HoleMark, feed.FoundMark:
			all = append(all, "hole")
		case feed.ProofMark:
			proven = int64((m.Until - r.zero) / record.Second)
		}
	}
	return strings.Join(all, ", "), proven
}

func (r *room) check(want string, until int64) {
	r.t.Helper()
	if got, proven := r.marks(); got != want || proven != until {
		r.t.Errorf("told %q, proven until %d s; want %q, %d s", got, proven, want, until)
	}
}

// A connection that never said a record proves nothing.
func TestStrangersKeepNoSessionOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		up := r.connect()
		say(t, up, "a\n")
		r.connect() // says nothing, ever
		r.pass(5)
		r.hangUp(up)
		r.pass(8)
		r.check("begin 0s, end unreachable", 3)
		say(t, r.connect(), "b\n")
		r.check("begin 0s, end unreachable, begin 13s", 3)
	})
}

// Who is quiet for long before the first record has been heard all the time.
func TestTheFirstRecordBeginsWhenItsConnectionDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		r.pass(10)
		up := r.connect()
		r.pass(3600)
		r.check("end unreachable", 0)
		if h := r.session.q.Health(); h.State != feed.Connecting || !strings.Contains(h.Err.Error(), "no record yet") {
			t.Errorf("health %+v", h)
		}
		say(t, up, "a\n")
		r.check("end unreachable, begin 10s", 0)
	})
}

// One connection takes over from another, without a break.
func TestAQuietConnectionGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		one, two := r.connect(), r.connect()
		say(t, one, "a\n")
		r.pass(20)
		r.hangUp(one)
		r.pass(20)
		say(t, two, "b\n")
		r.check("begin 0s, end unreachable, begin 0s on", 18)

		three := r.connect()
		say(t, two, "half")
		r.pass(20)
		r.hangUp(two) // in the middle of a line
		r.pass(20)
		say(t, three, "c\n")
		r.check("begin 0s, end unreachable, begin 0s on, end unreachable, begin 1m0s", 38)
	})
}

// A network that breaks is noticed after some seconds. What was covered until
// then must be what had come.
func TestSilenceIsCoveredOnlySoFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		up := r.connect()
		say(t, up, "a\n")
		r.pass(5)
		say(t, up, "b\n")
		r.pass(9) // as long as keepalives take
		r.check("begin 0s", 3)
		r.pass(10)
		r.check("begin 0s", 12)
	})
}

// What a connection says first is often half a line, the rest of which was
// lost: nothing is covered before it.
func TestWhatComesFirstIsBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		up := r.connect()
		<-time.After(500 * time.Millisecond)
		say(t, up, "bad\n")
		r.pass(10)
		say(t, up, "a\n")
		r.check("end unreachable, begin 1s", 0) // to the nearest

		r = newRoom(t)
		say(t, r.connect(), "bad\na\n")
		r.check("end rejected, begin 0s", 0)
	})
}

func TestNobodyComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		r.check("", 0)
		r.pass(2)
		r.check("end unreachable", 0)
		r.pass(10)
		r.check("end unreachable", 0)
		if h := r.session.q.Health(); h.State != feed.Connecting || h.Err != ErrWaiting {
			t.Errorf("health %+v", h)
		}
	})
}

func TestTheAddressIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		for range 3 {
			r.shut("here", &feed.Lost{Reason: feed.Misconfig, Err: errSpoilt})
			r.pass(1)
		}
		r.check("end config", 0)
		if n := strings.Count(r.log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings: %s", n, r.log.String())
		}
	})
}

// What one connection says cannot end the others, and leaves a gap.
func TestALineThatBreaksUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		one, two := r.connect(), r.connect()
		say(t, one, "a\n")
		r.pass(20)
		say(t, two, "panic\n")
		r.check("begin 0s, end crashed, begin 20s", 8)
		say(t, one, "still here\n")
		r.pass(20)
		r.check("begin 0s, end crashed, begin 20s", 28)
		if _, err := two.Read(make([]byte, 1)); err == nil {
			t.Error("the connection is still open")
		}
	})
}
