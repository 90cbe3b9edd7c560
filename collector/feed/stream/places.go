package stream

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

const (
	mostOpen   = 32               // connections that are heard at the same time,
	mostOfHost = 16               // and of one host
	strange    = time.Second      // after this a connection without a record makes room
	idle       = time.Minute      // after this one with records does, for another of its host
	comeBack   = 10 * time.Minute // in which most senders that were turned away have tried again
)

// hostOf names the host of an address. Of IPv6 that is its network of 64 bits:
// a host takes as many addresses of it as it likes.
func hostOf(a net.Addr) string {
	host, err := addressOf(a)
	if err != nil {
		return a.String()
	}
	if host.Is4() {
		return host.String()
	}
	if network, err := host.WithZone("").Prefix(64); err == nil {
		return network.String()
	}
	return host.String()
}

// addressOf returns the address of one end of a connection. That of IPv4 is the
// same in the clothes of IPv6.
func addressOf(a net.Addr) (netip.Addr, error) {
	at, err := netip.ParseAddrPort(a.String())
	return at.Addr().Unmap(), err
}

// place finds a place for one of a host, and says why there is none. The
// caller holds mu.
func (h *hall) place(host string, now time.Time) error {
	same := 0
	for c := range h.guests {
		if hostOf(c.RemoteAddr()) == host {
			same++
		}
	}
	switch {
	case same >= mostOfHost:
		if !h.makeRoom(host, true, now) {
			return fmt.Errorf("%d connections of %s are open", same, host)
		}
	case len(h.guests) >= mostOpen && !h.makeRoom(host, false, now):
		return fmt.Errorf("%d connections are open", len(h.guests))
	}
	return nil
}

// makeRoom closes the oldest connection that never said a record and had time
// to, of that host only or of any; or else the one of that host that is silent
// for the longest, and long enough. It returns false if there is none. The
// caller holds mu.
func (h *hall) makeRoom(host string, only bool, now time.Time) bool {
	var stranger, silent *connection
	for c := range h.guests {
		own := hostOf(c.RemoteAddr()) == host
		switch {
		case !c.known.Load():
			if (own || !only) && now.Sub(c.opened) >= strange && (stranger == nil || c.opened.Before(stranger.opened)) {
				stranger = c
			}
		case own && now.Sub(c.last()) >= idle && (silent == nil || c.last().Before(silent.last())):
			silent = c
		}
	}
	gives := stranger
	if gives == nil {
		gives = silent
	}
	if gives == nil {
		return false
	}
	delete(h.guests, gives)
	gives.ousted.Store(true)
	_ = gives.Close() // its goroutine takes notice
	return true
}

// last returns when the connection was opened, or something of it arrived last.
func (c *connection) last() time.Time { return time.UnixMicro(c.arrived.Load()) }

// turnAway notes that somebody was not let in. What that one had to say is
// missing: the session ends, and none begins before whoever was turned away
// last had time to come back. Who is connected is heard all the while.
func (s *session) turnAway(now time.Time, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turned, s.away = record.At(now.Add(comeBack)), why
	s.begun = false
	s.q.End(feed.Overrun, why)
	s.complain()
}

// complain says that somebody is turned away. The caller holds mu.
func (s *session) complain() {
	state := feed.Connecting
	if s.known() {
		state = feed.Live
	}
	s.q.Report(feed.Health{State: state, Address: s.address, Err: s.away})
	s.told = s.away.Error()
}

// crowded tells whether somebody who was turned away may not have come back.
func (s *session) crowded(now time.Time) bool { return record.At(now) < s.turned }

// again begins the session anew once nobody is missed any more.
func (s *session) again(now time.Time) {
	if !s.crowded(now) {
		s.begin(feed.Session{From: record.At(now)})
		return
	}
	s.complain()
}
