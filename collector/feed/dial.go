package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"
)

const defaultConnectTimeout = 10 * time.Second

// DialOptions are the keys of every kind that dials. A kind embeds them in its
// own options and calls Dialer in its Open.
type DialOptions struct {
	Addresses      []string `toml:"addresses"`       // doors to one upstream, in order: tcp://host:port or tls://host:port
	CAFile         string   `toml:"ca_file"`         // PEM; the system's roots unless said
	ServerName     string   `toml:"server_name"`     // in the certificate; the host of the address unless said
	PreferFirst    int      `toml:"prefer_first"`    // go back to an earlier door after this many good probes in a row; 0 is never
	ConnectTimeout string   `toml:"connect_timeout"` // for connecting and the TLS handshake together; 10s unless said
}

// Dialer checks the options. An error is a *KeyError. The CA file is read here
// for its errors' sake, and again for each connection, so that it can be
// replaced while the feed runs.
func (o DialOptions) Dialer(log *slog.Logger) (*Dialer, error) {
	d := &Dialer{caFile: o.CAFile, serverName: o.ServerName, prefer: o.PreferFirst, timeout: defaultConnectTimeout, log: log}
	d.Dial, d.Probe = d.dial, answers
	if len(o.Addresses) == 0 {
		return nil, &KeyError{"addresses", errors.New(`missing: want at least one, as ["tls://pbx.example:5039"]`)}
	}
	for _, s := range o.Addresses {
		a, err := ParseAddress(s)
		if err != nil {
			return nil, &KeyError{"addresses", err}
		}
		d.doors = append(d.doors, a)
	}
	if _, err := roots(o.CAFile); err != nil {
		return nil, &KeyError{"ca_file", err}
	}
	if o.PreferFirst < 0 {
		return nil, &KeyError{"prefer_first", fmt.Errorf("%d: want a number of probes, or 0 to stay where we are", o.PreferFirst)}
	}
	if o.ConnectTimeout != "" {
		t, err := time.ParseDuration(o.ConnectTimeout)
		if err != nil || t <= 0 || t > time.Minute {
			return nil, &KeyError{"connect_timeout", fmt.Errorf("%q: want a time of at most a minute, as 10s", o.ConnectTimeout)}
		}
		d.timeout = t
	}
	return d, nil
}

// A Dialer keeps one connection to an upstream that has one or several doors.
// DialOptions makes it; Dial and Probe may be replaced before Run is called.
type Dialer struct {
	// Dial connects to a door. The context that it gets carries the deadline.
	// Unless replaced it uses the network, and TLS where the door says so.
	Dial func(context.Context, Address) (net.Conn, error)
	// Probe says whether an upstream of the right kind answers at a door that
	// was just connected to. It must not log in. The connection has a deadline
	// and is closed afterwards. Unless replaced, being connected is enough.
	Probe func(net.Conn) error

	doors      []Address
	caFile     string
	serverName string
	prefer     int
	timeout    time.Duration
	log        *slog.Logger
}

// A Door is a connection to an upstream, as serve gets it.
type Door struct {
	net.Conn
	Address string // the address that answered
	Away    bool   // see Session.Away
}

// Doors returns the addresses, in order.
func (d *Dialer) Doors() []Address { return d.doors }

// Open connects to one door, within the connect timeout. The error names the
// door, what happened, and where it can the way out. Nothing is retried.
func (d *Dialer) Open(ctx context.Context, a Address) (net.Conn, error) {
	within, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, err := d.Dial(within, a)
	if err != nil {
		return nil, &doorError{a, explain(err, d.timeout), err}
	}
	return conn, nil
}

// Check opens a door, probes it and closes it again, all within the connect timeout.
func (d *Dialer) Check(ctx context.Context, a Address) error {
	conn, err := d.Open(ctx, a)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(longAgo()) })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(d.timeout)); err != nil {
		return &doorError{a, explain(err, d.timeout), err}
	}
	if err := d.Probe(conn); err != nil {
		return &doorError{a, plain(err, d.timeout), err}
	}
	return nil
}

func answers(net.Conn) error { return nil }

// longAgo is a deadline that wakes every read and write.
func longAgo() time.Time { return time.Unix(1, 0) }

// dial is Dial for a real network. Keepalives notice within ten seconds that
// the other machine is gone; that it is mute is for each kind to notice.
func (d *Dialer) dial(ctx context.Context, a Address) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 3 * time.Second, Interval: 2 * time.Second, Count: 3,
	}}
	conn, err := dialer.DialContext(ctx, "tcp", a.HostPort())
	if err != nil || !a.Secure {
		return conn, err
	}
	secured, err := d.secure(ctx, a, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

func (d *Dialer) secure(ctx context.Context, a Address, conn net.Conn) (net.Conn, error) {
	pool, err := roots(d.caFile)
	if err != nil {
		return nil, err
	}
	name := d.serverName
	if name == "" {
		name = a.Host
	}
	secured := tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err}
	}
	return secured, nil
}

// roots returns the certificates that are trusted; nil means the system's.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no PEM certificate in it", file)
	}
	return pool, nil
}
