package config

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"

	"github.com/twinctl/twin/collector/feed"
)

// doubtful finds values of the right type that cannot be meant. All of them
// are named, where a kind stops at its first.
func (f *Feed) doubtful() Problems {
	var problems Problems
	if listen := f.text("listen"); listen != "" {
		if err := listenAddress(listen); err != nil {
			problems = append(problems, f.problem("listen", err))
		}
	}
	dial, ok := dialOptions(f.Own)
	if !ok {
		return problems
	}
	if err := hostName(dial.ServerName); err != nil {
		problems = append(problems, f.problem("server_name", err))
	}
	first := make(map[feed.Address]int)
	for i, text := range dial.Addresses {
		address, err := doorAddress(text)
		address.Host = strings.ToLower(address.Host)
		if at, ok := first[address]; ok && err == nil {
			err = fmt.Errorf("%q stands here already, at place %d", text, at+1)
		}
		if err != nil {
			problems = append(problems, f.problem(element("addresses", i), err))
			continue
		}
		first[address] = i
	}
	return problems
}

// text returns a key of the section that is text; "" if it is not.
func (f *Feed) text(key string) string {
	text, _ := f.section[key].(string)
	return text
}

// Doors returns how many addresses the feed has to dial; 0 if it does not dial.
func (f *Feed) Doors() int {
	dial, _ := dialOptions(f.Own)
	return len(dial.Addresses)
}

// dialOptions returns the options of a kind that dials.
func dialOptions(own any) (feed.DialOptions, bool) {
	if own == nil {
		return feed.DialOptions{}, false
	}
	field := reflect.ValueOf(own).Elem().FieldByName("DialOptions")
	if !field.IsValid() {
		return feed.DialOptions{}, false
	}
	dial, ok := field.Interface().(feed.DialOptions)
	return dial, ok
}

func doorAddress(text string) (feed.Address, error) {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		if _, _, err := net.SplitHostPort(rest); err != nil {
			return feed.Address{}, fmt.Errorf("address %q: want tcp://host:port or tls://host:port, an IPv6 address in brackets", text)
		}
	}
	return feed.ParseAddress(text)
}

// hostName refuses what cannot be the name in a certificate.
func hostName(name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
	if net.ParseIP(name) == nil && (odd || strings.Contains(name, "..") || strings.HasPrefix(name, ".")) {
		return fmt.Errorf("%q: not a host name: want one that is in the certificate, as pbx.example", name)
	}
	return nil
}

// collisions finds feeds that want what only one can have: the later one is at
// fault.
func (c *Config) collisions() {
	type place struct {
		address, by string
		datagrams   bool // which have ports of their own
	}
	taken := []place{{c.HTTP.Listen, "http.listen", false}, {c.SSH.Listen, "ssh.listen", false}}
	paths, dirs := make(map[string]*Feed), make(map[string]*Feed)
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if listen := f.text("listen"); listen != "" {
			datagrams := f.text("transport") == "udp"
			for _, t := range taken {
				if t.datagrams == datagrams && clash(t.address, listen) {
					f.refuse("listen", fmt.Errorf("%q: %s has this address already", listen, t.by))
					break
				}
			}
			taken = append(taken, place{listen, fmt.Sprintf("the feed at line %d", f.Line), datagrams})
		}
		path := f.text("path")
		if first, ok := paths[path]; ok {
			f.refuse("path", fmt.Errorf("the feed at line %d follows this file already", first.Line))
		} else if path != "" {
			paths[path] = f
		}
		dir := f.text("dir")
		if first, ok := dirs[dir]; ok && (first.takesAway() || f.takesAway()) {
			f.refuse("dir", fmt.Errorf(`the feed at line %d reads this directory already, and only after = "leave" lets two`, first.Line))
		} else if dir != "" {
			dirs[dir] = f
		}
	}
}

// takesAway tells whether the feed moves or removes the files that it reads.
func (f *Feed) takesAway() bool {
	after := f.text("after")
	return after != "" && after != "leave"
}

// clash tells whether two addresses cannot be listened on at the same time.
// Port 0 is a free one.
func clash(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errors.Join(errA, errB) != nil || portA != portB || portA == "0" {
		return false
	}
	every := func(host string) bool { return host == "" || net.ParseIP(host).IsUnspecified() }
	return strings.EqualFold(hostA, hostB) || every(hostA) || every(hostB)
}
