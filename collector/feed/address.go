package feed

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// An Address is one door to an upstream: tcp://host:port, or tls://host:port.
type Address struct {
	Secure bool
	Host   string // a name or an IP address, without brackets
	Port   string // decimal
}

// ParseAddress reads what String writes.
func ParseAddress(s string) (Address, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme != "tcp" && scheme != "tls" {
		return Address{}, fmt.Errorf("address %q: want tcp://host:port or tls://host:port", s)
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return Address{}, fmt.Errorf("address %q: %w", s, plainAddrError(err))
	}
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return Address{}, fmt.Errorf("address %q: host %q: want a name or an IP address", s, host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return Address{}, fmt.Errorf("address %q: port %q: want a number from 1 to 65535", s, port)
	}
	return Address{Secure: scheme == "tls", Host: host, Port: port}, nil
}

// HostPort returns the address as package net wants it.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, a.Port) }

// String returns the address as it is written in twin.toml.
func (a Address) String() string {
	if a.Secure {
		return "tls://" + a.HostPort()
	}
	return "tcp://" + a.HostPort()
}

// plainAddrError takes off the address that net puts into the text: ours is there already.
func plainAddrError(err error) error {
	if e, ok := errors.AsType[*net.AddrError](err); ok {
		return errors.New(e.Err)
	}
	return err
}
