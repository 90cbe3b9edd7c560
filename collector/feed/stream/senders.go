package stream

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/twinctl/twin/collector/feed"
)

// Senders are the hosts that a feed listens to. None are all.
type Senders []netip.Prefix

// Senders reads who is listened to, as it stands under the key allow_from. Its
// error is a *feed.KeyError.
func (o ListenOptions) Senders() (Senders, error) {
	var all Senders
	for _, text := range o.AllowFrom {
		p, err := netip.ParsePrefix(text)
		if at, e := netip.ParseAddr(text); e == nil && at.Zone() == "" {
			at = at.Unmap()
			p, err = at.Prefix(at.BitLen())
		}
		if err != nil || p.Addr().Is4In6() {
			return nil, &feed.KeyError{Key: "allow_from", Err: fmt.Errorf(`%q: want an address or a network, as "192.0.2.7" or "192.0.2.0/24"`, text)}
		}
		if p != p.Masked() {
			return nil, &feed.KeyError{Key: "allow_from", Err: fmt.Errorf("%q: is no network: did you mean %q?", text, p.Masked())}
		}
		all = append(all, p)
	}
	return all, nil
}

// Have tells whether somebody is listened to. An address of IPv4 is the same in
// the clothes of IPv6.
func (s Senders) Have(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	return len(s) == 0 || slices.ContainsFunc(s, func(p netip.Prefix) bool { return p.Contains(at) })
}

// has tells the same of the other end of a connection.
func (s Senders) has(a net.Addr) bool {
	at, err := addressOf(a)
	return len(s) == 0 || err == nil && s.Have(at)
}
