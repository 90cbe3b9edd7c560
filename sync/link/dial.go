package link

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dial makes a link: it connects, checks the host key, logs in, opens the
// control channel and agrees on a version, all within Options.Login and ctx,
// and retries nothing. ctx is for dialling alone; the Client lives until Close.
// The errors are those of this package; see each.
func Dial(ctx context.Context, t Target, o Options) (*Client, error) {
	o = o.settled()
	c, err := dial(ctx, t, o)
	if err != nil {
		return nil, about(t, err)
	}
	return c, nil
}

func dial(ctx context.Context, t Target, o Options) (*Client, error) {
	within, cancel := context.WithTimeout(ctx, o.Login)
	defer cancel()
	c, l, err := enter(within, t, o)
	if err != nil {
		return nil, worded(ctx, err)
	}
	if err := c.greet(within); err != nil {
		_ = c.Close()
		return nil, worded(ctx, l.explain(err))
	}
	return c, nil
}

// enter connects, checks the host key and logs in. Nothing is asked for yet.
func enter(within context.Context, t Target, o Options) (*Client, *login, error) {
	address, err := ParseAddress(t.Address)
	if err != nil {
		return nil, nil, err
	}
	l := &login{address: address, began: time.Now()}
	if l.hosts, err = checkHost(t.KnownHosts, address.Dial()); err != nil {
		return nil, nil, err
	}
	if l.signer, err = readKey(t.Identity); err != nil {
		return nil, nil, err
	}
	conn, err := connect(within, address.Dial(), o.Connect)
	if err != nil {
		return nil, nil, explainConnect(err, l.began)
	}
	c := &Client{
		target: t, options: o, log: o.Log, meter: &meter{Conn: conn},
		files: make(chan *fileEnd, 1), putting: make(chan struct{}, 1), spare: make(chan struct{}, maxChannels),
		done: make(chan struct{}),
	}
	c.files <- nil
	channels, requests, err := l.shake(within, c)
	if err != nil {
		_ = conn.Close()
		return nil, nil, l.explain(err)
	}
	c.live(channels, requests)
	return c, l, nil
}

// connect dials. Keepalives of TCP find a machine that is gone when nothing
// else is under way; that it is mute or frozen they never notice.
func connect(ctx context.Context, address string, timeout time.Duration) (net.Conn, error) {
	dialer := net.Dialer{Timeout: timeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	return dialer.DialContext(ctx, "tcp", address)
}

// A login is one attempt, and knows how far it came.
type login struct {
	address Address
	hosts   *hostCheck
	signer  ssh.Signer
	began   time.Time
	trusted atomic.Bool // the host has shown its pinned key
	inside  atomic.Bool // it has taken ours
}

// shake does the SSH handshake on the client's connection. The library knows
// no deadline for it, so the connection has one.
func (l *login) shake(ctx context.Context, c *Client) (<-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	deadline, _ := ctx.Deadline()
	if err := c.meter.SetDeadline(deadline); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.meter.SetDeadline(time.Unix(1, 0)) })
	conn, channels, requests, err := ssh.NewClientConn(c.meter, l.address.Dial(), l.config())
	if err != nil {
		stop()
		return nil, nil, err
	}
	c.conn = conn
	if !stop() { // ctx has ended just now
		_ = conn.Close()
		return nil, nil, ctx.Err()
	}
	l.inside.Store(true)
	return channels, requests, c.meter.SetDeadline(time.Time{})
}

func (l *login) config() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		Config:            transportAlgorithms(),
		User:              l.address.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(l.signer)},
		HostKeyAlgorithms: l.hosts.algorithms,
		ClientVersion:     "SSH-2.0-Twin",
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			err := l.hosts.verify(host, remote, key)
			l.trusted.Store(err == nil)
			return err
		},
	}
}

// greet opens the control channel and agrees on a version.
func (c *Client) greet(ctx context.Context) error {
	p, err := c.exec(ctx, Control)
	if err != nil {
		return err
	}
	err = c.within(ctx, func() error {
		// That it cannot be sent is said better by what comes back.
		_ = sendGreeting(p, c.options.Versions)
		theirs, err := readGreeting(p)
		if err != nil {
			return p.gone(err, false)
		}
		c.version, err = c.options.Versions.common(theirs)
		return err
	})
	if err != nil {
		return err
	}
	c.calls = newCalls(p)
	c.start(c.calls.write)
	c.start(func() { c.end(c.calls.read()) })
	c.start(func() { //nolint:contextcheck // ctx is for dialling alone
		c.ping(c.done, func() { _, _ = c.ask(context.Background(), verbPing, nil) })
	})
	return nil
}
