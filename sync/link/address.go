package link

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/twinctl/twin/collector/inert"
)

// A Target is a twin to dial.
type Target struct {
	Name       string // of the twin; for errors and the log
	Address    string // user@host:port; port 22 may be left out
	Identity   string // the file with our private key, 0600
	KnownHosts string // the file with the pinned host keys
}

func (t Target) String() string {
	return "twin " + inert.Text(t.Name) + " at " + inert.Text(t.Address)
}

// An Address is where and as whom to log in.
type Address struct{ User, Host, Port string }

// ParseAddress takes user@host or user@host:port apart. An IPv6 address
// stands in brackets. The error says what is wrong with it.
func ParseAddress(s string) (Address, error) {
	a, err := splitAddress(s)
	if err != nil {
		return Address{}, fmt.Errorf("address %q: %w: want user@host:port", shorten(s), err)
	}
	return a, nil
}

func splitAddress(s string) (Address, error) {
	user, rest, found := strings.Cut(s, "@")
	if !found || user == "" {
		return Address{}, errors.New("names no user")
	}
	host, port := rest, "22"
	if bare, ok := strings.CutPrefix(rest, "["); ok && strings.HasSuffix(bare, "]") {
		host = strings.TrimSuffix(bare, "]")
	} else if strings.Contains(rest, ":") {
		var err error
		if host, port, err = net.SplitHostPort(rest); err != nil {
			return Address{}, errors.New("host and port cannot be told apart")
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return Address{}, errors.New("the port is no number from 1 to 65535")
	}
	if host == "" {
		return Address{}, errors.New("names no host")
	}
	if strings.ContainsAny(user, "[]:") || strings.ContainsAny(host, "[]@") {
		return Address{}, errors.New("user, host and port cannot be told apart")
	}
	// What a known_hosts file or a terminal would read in another way.
	if strings.ContainsAny(s, " \t,*?!|#\"'\\") || inert.Name(s) != nil {
		return Address{}, errors.New("holds a character that no address has")
	}
	return Address{User: user, Host: host, Port: port}, nil
}

// Dial returns host:port, as the network takes it.
func (a Address) Dial() string { return net.JoinHostPort(a.Host, a.Port) }

// String returns user@host:port.
func (a Address) String() string { return a.User + "@" + a.Dial() }
