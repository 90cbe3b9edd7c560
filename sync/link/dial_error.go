package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// about says with whom something happened.
func about(t Target, err error) error { return fmt.Errorf("%s: %w", t, err) }

// worded returns the error of ctx where somebody cancelled a dial: it says
// nothing about the twin then.
func worded(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("dial: %w", ctx.Err())
	}
	return err
}

// explainConnect says why no connection came about.
func explainConnect(err error, since time.Time) error {
	return fmt.Errorf("%w: %s", ErrUnreachable, network(err, since))
}

func network(err error, since time.Time) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "no such host"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: nothing listens there"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to that host"
	case timedOut(err):
		return "no connection within " + passed(since)
	}
	return err.Error()
}

// passed returns how long something took, for people.
func passed(since time.Time) string {
	return time.Since(since).Round(100 * time.Millisecond).String()
}

// explain finds what an error of the handshake or the greeting means. How far
// it came says more than the text of the library.
func (l *login) explain(err error) error {
	for _, known := range []error{ErrHostKey, ErrRefused, ErrVersion, ErrProtocol, ErrMute, ErrFrozen, ErrLost} {
		if errors.Is(err, known) {
			return err
		}
	}
	none, mismatch := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	switch {
	case timedOut(err):
		return fmt.Errorf("%w: it accepts connections, and %s within %s", ErrMute, l.missing(), passed(l.began))
	case hungUp(err):
		return fmt.Errorf("%w: it hung up, and %s", ErrLost, l.missing())
	case mismatch && strings.Contains(none.What, "host key"):
		return fmt.Errorf("%w: it shows keys of the types %s, pinned is %s in %s", ErrHostKey,
			names(none.RequestedAlgorithms), names(l.hosts.algorithms), l.hosts.file)
	case mismatch:
		return fmt.Errorf("%w: it offers no safe %s: %s", ErrRefused, none.What, names(none.RequestedAlgorithms))
	case l.trusted.Load():
		return fmt.Errorf("%w: it does not take the key %s of user %s: %s", ErrRefused,
			ssh.FingerprintSHA256(l.signer.PublicKey()), l.address.User, shorten(err.Error()))
	}
	return fmt.Errorf("%w: %s", ErrProtocol, shorten(err.Error()))
}

// missing says what the other side has not done.
func (l *login) missing() string {
	switch {
	case l.inside.Load():
		return "did not greet us as a twin"
	case l.trusted.Load():
		return "did not finish the login"
	}
	return "did not show a host key"
}

func names(algorithms []string) string {
	return shorten(strings.Join(slices.Clone(algorithms), ", "))
}

// plain says why a connection ended.
func plain(err error) string {
	switch {
	case err == nil, hungUp(err):
		return "the connection was cut"
	case timedOut(err):
		return "timed out"
	}
	return shorten(err.Error())
}

func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

func timedOut(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &slow) && slow.Timeout()
}
