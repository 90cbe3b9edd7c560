package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// Pinned tells whether a key of an address, user@host:port, is pinned in a file:
// nil, or an ErrHostKey that says what is wrong.
func Pinned(file, address string) error {
	a, err := ParseAddress(address)
	if err != nil {
		return err
	}
	_, err = checkHost(file, a.Dial())
	return err
}

// HostLine returns the line by which a known_hosts file pins a host key for an
// address.
func HostLine(address, hostKeyLine string) (string, error) {
	key, err := parseKey(hostKeyLine)
	if err != nil {
		return "", err
	}
	host, err := pinnedName(address)
	return host + " " + keyLine(key), err
}

// errShown ends a handshake when the host key was seen.
var errShown = errors.New("its host key was shown")

// ShowHostKey returns the host key that the server at an address shows, as a
// public key line, within Options.Login and ctx. It proves nothing: who dials
// may be in the hands of whoever is between. A person has to compare it. Nothing
// is logged in to.
func ShowHostKey(ctx context.Context, address string, o Options) (string, error) {
	line, err := showHostKey(ctx, address, o.settled())
	if err != nil {
		return "", worded(ctx, ofServer(Target{Address: address}, err))
	}
	return line, nil
}

func showHostKey(ctx context.Context, address string, o Options) (line string, err error) {
	a, err := ParseAddress(address)
	if err != nil {
		return "", err
	}
	within, cancel := context.WithTimeout(ctx, o.Login)
	defer cancel()
	l := &login{address: a, began: time.Now()}
	conn, err := connect(within, a.Dial(), o.Connect)
	if err != nil {
		return "", explainConnect(err, l.began)
	}
	defer conn.Close() //nolint:errcheck // nothing was said but hello
	deadline, _ := within.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	stop := context.AfterFunc(within, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, _, _, err = ssh.NewClientConn(conn, a.Dial(), &ssh.ClientConfig{
		Config: transportAlgorithms(), User: a.User, ClientVersion: "SSH-2.0-Twin", HostKeyAlgorithms: userAlgorithms(),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			line = keyLine(key)
			return errShown
		},
	})
	if none, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); ok {
		return "", fmt.Errorf("%w: it offers no safe %s: %s", ErrRefused, none.What, names(none.RequestedAlgorithms))
	}
	if line == "" {
		return "", fmt.Errorf("shows no host key: %w", l.explain(err))
	}
	return line, nil
}
