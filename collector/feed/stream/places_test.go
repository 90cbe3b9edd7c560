package stream

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// from is a connection from an address.
type from struct {
	net.Conn
	address netip.AddrPort
}

func (f from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(f.address) }

// knock connects from an address, and returns nil if that is refused.
func (r *room) knock(address string) net.Conn {
	near, far := net.Pipe()
	r.t.Cleanup(func() { _ = near.Close() })
	c := r.admit(from{far, netip.AddrPortFrom(netip.MustParseAddr(address), 5000)})
	if c == nil {
		return nil
	}
	go r.attend(r.t.Context(), c)
	return near
}

// fill lets n connect from an address, each of which says a record.
func (r *room) fill(n int, address string) (all []net.Conn) {
	for range n {
		conn := r.knock(address)
		if conn == nil {
			r.t.Fatalf("%d of %d connections of %s were let in", len(all), n, address)
		}
		say(r.t, conn, "a\n")
		all = append(all, conn)
	}
	synctest.Wait()
	return all
}

func over(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	ne, ok := err.(net.Error)
	return !ok || !ne.Timeout()
}

// What a refused connection had to say is missing, until it must have come back.
func TestWhoIsRefusedIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		all := r.fill(mostOfHost, "192.0.2.1")
		r.pass(5)
		for _, conn := range all {
			say(t, conn, "b\n")
		}
		r.pass(5)
		if r.knock("192.0.2.1") != nil {
			t.Fatal("one too many was let in")
		}
		r.check("begin 0s, end overrun", 3)
		r.pass(5)
		refused := "192.0.2.1:5000 was refused: 16 connections of 192.0.2.1 are open"
		if h := r.session.q.Health(); h.State != feed.Live || h.Err == nil || !strings.Contains(h.Err.Error(), refused) {
			t.Errorf("health %+v", h)
		}
		say(t, all[0], "stored all the same\n")
		r.pass(300)
		for _, conn := range all { // none is silent for long enough
			say(t, conn, "c\n")
		}
		if r.knock("192.0.2.1") != nil {
			t.Fatal("one too many was let in")
		}
		r.pass(595)
		r.check("begin 0s, end overrun", 3)
		r.pass(30)
		r.check("begin 0s, end overrun, begin 15m15s", 928)
		if h := r.session.q.Health(); h.State != feed.Live || h.Err != nil {
			t.Errorf("health %+v", h)
		}
	})
}

// Nobody who is heard covers what a refused one says, be it the first to be known.
func TestWhoIsRefusedIsMissedFromTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		var all []net.Conn
		for range mostOfHost {
			all = append(all, r.knock("192.0.2.1"))
		}
		if r.knock("192.0.2.1") != nil { // nobody had time to say anything
			t.Fatal("one too many was let in")
		}
		r.pass(5)
		say(t, all[0], "a\n")
		r.pass(5)
		r.check("end overrun", 0)
		r.hangUp(all[0])
		r.pass(5)
		if h := r.session.q.Health(); h.State != feed.Connecting || h.Err == nil || !strings.Contains(h.Err.Error(), "was refused") {
			t.Errorf("health %+v", h)
		}
		r.pass(600)
		say(t, all[1], "b\n")
		r.check("end overrun, begin 10m0s", 0)
	})
}

// One host cannot keep another out.
func TestNoHostTakesAllPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		r.fill(mostOfHost, "2001:db8::1")
		if r.knock("2001:db8::2") != nil {
			t.Error("a neighbour in its network was let in beside it")
		}
		r.fill(mostOpen-mostOfHost, "192.0.2.1")
		if r.knock("192.0.2.2") != nil {
			t.Error("one too many was let in")
		}
	})
}

// Of one host the one makes room that is silent for the longest.
func TestWhoIsSilentMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t)
		other := r.fill(1, "192.0.2.7")[0]
		all := r.fill(mostOfHost, "192.0.2.1")
		r.pass(10)
		for i, conn := range all {
			if i != 5 {
				say(t, conn, "b\n")
			}
		}
		r.pass(50)
		late := r.knock("192.0.2.1")
		if late == nil {
			t.Fatal("the last one was refused")
		}
		say(t, late, "c\n")
		synctest.Wait()
		for i, conn := range append(slices.Clone(all), other) {
			if over(conn) != (i == 5) {
				t.Errorf("connection %d: closed is %t", i, over(conn))
			}
		}
		r.check("begin 0s, end overrun, begin 1m0s", 48)
	})
}
