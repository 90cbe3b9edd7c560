package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// ErrShutdown is wrapped by what serve returns when the upstream had said that
// it shuts down. That a connection just closes tells nothing: a proxy in
// between, or a setting, may have closed it while the upstream lives on.
var ErrShutdown = errors.New("the upstream was shut down")

// Lost is why a session ended, from a kind's serve to the Dialer: Reason goes
// into the gap list, Err to a person. Any other error means Unreachable.
type Lost struct {
	Reason Reason
	Err    error
}

func (e *Lost) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Lost) Unwrap() error { return e.Err }

// reasonOf splits an error of serve into the gap's reason and what to tell.
func reasonOf(err error) (Reason, error) {
	if lost, ok := errors.AsType[*Lost](err); ok {
		return lost.Reason, lost.Err
	}
	if err == nil {
		err = io.EOF
	}
	return Unreachable, err
}

// hungUp tells whether the other side ended a connection in order, so that all
// that it said was heard. After half a frame (io.ErrUnexpectedEOF), or a reset,
// which throws away what was under way, nobody knows that.
func hungUp(err error) bool { return errors.Is(err, io.EOF) }

// A doorError says what happened at which door.
type doorError struct {
	door  Address
	what  string
	cause error
}

func (e *doorError) Error() string { return e.door.String() + ": " + e.what }
func (e *doorError) Unwrap() error { return e.cause }

// A handshakeError says that the door was open, but TLS did not come about.
type handshakeError struct{ error }

func (e *handshakeError) Error() string { return "TLS: " + e.error.Error() }
func (e *handshakeError) Unwrap() error { return e.error }

// A roundError holds what happened at each door in a round in which none answered.
type roundError []error

func (e roundError) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e roundError) Unwrap() []error { return e }

// explain says in plain words why a door did not open, and the way out where
// there is one that is always right.
func explain(err error, timeout time.Duration) string {
	if shake, ok := errors.AsType[*handshakeError](err); ok {
		return "TLS: " + explainTLS(shake.error, timeout)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "no such host"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: nothing listens there"
	case errors.Is(err, syscall.ECONNRESET):
		return "the upstream reset the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to that host"
	case timedOut(err):
		return "timed out after " + timeout.String()
	case errors.Is(err, io.EOF):
		return "the upstream closed the connection"
	}
	return err.Error()
}

// plain explains an error of a kind, unless the kind has put it into its own words.
func plain(err error, timeout time.Duration) string {
	if _, raw := err.(*net.OpError); raw || err == io.EOF { //nolint:errorlint // wrapped ones have a text
		return explain(err, timeout)
	}
	return err.Error()
}

func explainTLS(err error, timeout time.Duration) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "certificate signed by an unknown authority: name its CA file in ca_file"
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return "certificate is not for " + wrong.Host + ": set server_name to a name that is in it"
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return "certificate has expired or is not yet valid"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the upstream does not speak TLS there: try tcp://, or its TLS port"
	}
	if timedOut(err) {
		return "no handshake within " + timeout.String()
	}
	return explain(err, timeout)
}

func timedOut(err error) bool {
	var slow net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &slow) && slow.Timeout()
}
