package stream

import (
	"net/netip"
	"testing"
)

func TestSenders(t *testing.T) {
	for _, c := range []struct {
		from    []string
		at      string
		allowed bool
	}{
		{nil, "192.0.2.7", true},
		{[]string{"192.0.2.7"}, "192.0.2.7", true},
		{[]string{"192.0.2.7"}, "192.0.2.8", false},
		{[]string{"192.0.2.7"}, "::ffff:192.0.2.7", true}, // as a listener on [::] sees it
		{[]string{"::ffff:192.0.2.7"}, "192.0.2.7", true},
		{[]string{"198.51.100.1", "192.0.2.0/24"}, "192.0.2.255", true},
		{[]string{"192.0.2.0/24"}, "192.0.3.0", false},
		{[]string{"2001:db8::/32"}, "2001:db8:1::1", true},
		{[]string{"fe80::/10"}, "fe80::1%eth0", true},
		{[]string{"2001:db8::1"}, "192.0.2.7", false},
		{[]string{"0.0.0.0/0"}, "2001:db8::1", false},
	} {
		s, err := ListenOptions{AllowFrom: c.from}.Senders()
		if got := s.Have(netip.MustParseAddr(c.at)); err != nil || got != c.allowed {
			t.Errorf("%q of %q: %t, want %t: %v", c.at, c.from, got, c.allowed, err)
		}
	}
}
