package syslog

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/stream"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
)

func TestMore(t *testing.T) {
	for name, c := range map[string]struct{ told, count, more uint32 }{
		"none":                    {0, 0, 0},
		"the first":               {0, 7, 7},
		"as told":                 {7, 7, 0},
		"some more":               {7, 9, 2},
		"older than what is told": {7, 5, 0},
		"it began again at zero":  {math.MaxUint32 - 1, 1, 3},
		"older, from before that": {1, math.MaxUint32 - 1, 0},
		"zero, as it began again": {math.MaxUint32, 0, 1},
	} {
		d := drops(c.told)
		if more := d.more(c.count); more != c.more {
			t.Errorf("%s: %d more, want %d", name, more, c.more)
		}
		if want := drops(c.told + c.more); d != want {
			t.Errorf("%s: %d are told, want %d", name, d, want)
		}
	}
}

func TestUnheard(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	for name, c := range map[string]struct {
		proven, until time.Time
		late          time.Duration
		from, to      time.Time
	}{
		"since it was proven":       {at(0), at(5), 0, at(0), at(5)},
		"proven is less late":       {at(-2), at(5), 2 * time.Second, at(-2), at(5)},
		"may be said before proven": {at(0), at(1), 2 * time.Second, at(-1), at(1)},
		"the clock was set back":    {at(60), at(5), 2 * time.Second, at(3), at(60)},
	} {
		want := record.Span{From: record.At(c.from), To: record.At(c.to) + 1}
		if got := unheard(c.proven, c.until, c.late); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// newEar begins a session on an address of which the kernel keeps next to nothing.
func newEar(t *testing.T) (e *ear, conn *net.UDPConn, s *store) {
	t.Helper()
	src, err := Kind().Open(config(t, &options{Transport: "udp", Late: "0s", ListenOptions: stream.ListenOptions{Listen: "127.0.0.1:0"}}))
	if err != nil {
		t.Fatal(err)
	}
	d := src.(*datagrams)
	if conn, err = d.bind(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadBuffer(1); err != nil { // the least there is
		t.Fatal(err)
	}
	s = newStore()
	e = &ear{datagrams: d, q: s.q, local: conn.LocalAddr().String()}
	e.begin(time.Now())
	return e, conn, s
}

// lost returns how many datagrams were told as lost.
func (s *store) lost(t *testing.T) (all int) {
	t.Helper()
	_, rejected := s.heard()
	for _, text := range rejected {
		var n int
		if _, err := fmt.Sscanf(text, "overrun: %d datagrams came faster than they could be read, and are lost", &n); err != nil {
			t.Fatalf("rejected %q", text)
		}
		all += n
	}
	return all
}

// holds tells whether holes cover a stretch, and were told before any proof of
// what they cover.
func (s *store) holds(stretch record.Span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := []record.Span{stretch}
	var proven record.Instant
	for _, m := range s.marks {
		switch m.What { //nolint:exhaustive // the rest neither covers nor leaves open
		case feed.ProofMark:
			proven = max(proven, m.Until)
		case feed.HoleMark:
			if m.Reason == feed.Overrun && m.From >= proven {
				left = record.Subtract(left, []record.Span{{From: m.From, To: m.Until}})
			}
		}
	}
	return len(left) == 0
}

// What the kernel throws away is told as well when no datagram comes any more
// that would tell of it, and by one that does come it is not told again.
func TestUDPOverrunThenSilence(t *testing.T) {
	e, conn, s := newEar(t)
	up := say(t, "udp", conn.LocalAddr().String())
	said, burst := 0, record.Span{From: record.At(time.Now())}
	for ; said < 500; said++ {
		_, _ = io.WriteString(up, one)
	}
	burst.To = record.At(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { s.run(ctx) })
	all.Go(func() { _ = e.listen(ctx, conn) })
	t.Cleanup(func() { cancel(); _ = conn.Close(); all.Wait() })
	each := func() bool {
		heard, _ := s.heard()
		return len(heard)+s.lost(t) == said
	}
	await.Until(t, "tell of each that is lost", each)
	if !s.holds(burst) {
		t.Errorf("no hole over %v, or what is in it was proven: %+v", burst, s.marks)
	}
	before, _ := s.heard()
	_, _ = io.WriteString(up, strings.Replace(one, "one", "two", 1))
	said++
	await.Until(t, "hear what comes later", func() bool { heard, _ := s.heard(); return len(heard) > len(before) })
	if !each() {
		heard, rejected := s.heard()
		t.Errorf("of %d, %d were heard, and told %q", said, len(heard), rejected)
	}
}

// That a read ended late proves nothing while something waits: the process may
// have stood still.
func TestRestProvesNothingWhileSomethingWaits(t *testing.T) {
	e, conn, _ := newEar(t)
	begun := time.Now().Add(-time.Minute)
	e.proven = begun
	say(t, "udp", conn.LocalAddr().String(), one)
	await.Until(t, "it waits", func() bool { s, err := look(conn); return err == nil && s.waits })
	e.rest(conn)
	if !e.proven.Equal(begun) {
		t.Errorf("proven until %s, and a datagram waits", e.proven)
	}
	if _, err := conn.Read(make([]byte, frameLimit)); err != nil {
		t.Fatal(err)
	}
	e.rest(conn)
	if e.proven.Equal(begun) {
		t.Error("nothing is proven, and nothing waits")
	}
}
