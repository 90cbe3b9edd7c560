// Package link is the one SSH session between the twins, both ends of it: a
// long-lived channel for verbs with JSON answers, a second one for files from
// and to a virtual tree, and the keys by which the twins know each other.
//
// A Client is the end that dials. The other end is the system's sshd, which
// runs a program that calls ServeControl or ServeFiles, or a Server, which is
// the same without sshd. Host keys are pinned, the client's key is all that it
// may log in with, and each wait ends: an error says whether the twin could
// not be reached, was mute, refused, froze or was cut off.
package link

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// Why there is no link, or no answer. Each comes wrapped with whom it was
// about and what happened.
var (
	// ErrUnreachable: no TCP connection came about.
	ErrUnreachable = errors.New("unreachable")
	// ErrMute: it accepted the connection, and then did not say in time what it had to say.
	ErrMute = errors.New("mute")
	// ErrRefused: it does not accept our key, or does not let it do what we asked for.
	ErrRefused = errors.New("refused")
	// ErrHostKey: its host key is not pinned here, another one is, or it is revoked.
	ErrHostKey = errors.New("host key not to be trusted")
	// ErrVersion: the two speak no common version of the link.
	ErrVersion = errors.New("no common version")
	// ErrIdentity: our own key is missing, unreadable, or readable for others.
	ErrIdentity = errors.New("identity")
	// ErrLost: the connection was cut while it was being used, or is closed.
	ErrLost = errors.New("link lost")
	// ErrFrozen: a link that stood gives no more answers.
	ErrFrozen = errors.New("frozen")
	// ErrProtocol: the other side says what no twin would say.
	ErrProtocol = errors.New("not a twin's link")
	// ErrCommand: a session was asked for something that is not a Session.
	ErrCommand = errors.New("not a command of the link")
)

// A Session is what a channel is for. These two are all there are.
type Session string

// The sessions, as they stand in an SSH exec request.
const (
	Control Session = "twin ctl"   // verbs: ServeControl
	Files   Session = "twin files" // SFTP on a virtual tree: ServeFiles
)

// ParseCommand returns the session that an exec request, or sshd's
// SSH_ORIGINAL_COMMAND, asks for. Anything else is ErrCommand.
func ParseCommand(s string) (Session, error) {
	switch Session(s) {
	case Control:
		return Control, nil
	case Files:
		return Files, nil
	}
	return "", fmt.Errorf("%w: %s", ErrCommand, shorten(s))
}

// Versions are the versions of the link that a side speaks, both included.
type Versions struct {
	Oldest int `json:"oldest"`
	Newest int `json:"newest"`
}

// Spoken returns the versions that this program speaks. A program speaks its
// own version and the one before.
func Spoken() Versions { return Versions{Oldest: 1, Newest: 1} }

// common returns the newest version that both sides speak.
func (v Versions) common(theirs Versions) (int, error) {
	n := min(v.Newest, theirs.Newest)
	if n < max(v.Oldest, theirs.Oldest) {
		return 0, fmt.Errorf("%w: here link version %s is spoken, there %s: upgrade the older one", ErrVersion, v, theirs)
	}
	return n, nil
}

// String returns "2", or "1 to 2".
func (v Versions) String() string {
	if v.Oldest == v.Newest {
		return fmt.Sprint(v.Newest)
	}
	return fmt.Sprintf("%d to %d", v.Oldest, v.Newest)
}

// Options are for both ends. What is zero is taken from the values named here.
type Options struct {
	Log       *slog.Logger  // nothing is logged unless said
	Connect   time.Duration // for TCP: 5 s
	Login     time.Duration // for TCP, SSH and the greeting together: 9 s
	Answer    time.Duration // for a call or an opening whose context has no deadline: 30 s
	Keepalive time.Duration // how often life is asked for: 5 s
	Misses    int           // how often in a row nothing may come back: 3
	Ping      time.Duration // how often a session that stands says so: 15 s
	Idle      time.Duration // how long the other side of a session that is served may say, or take, nothing: 1 minute
	Versions  Versions      // Spoken
}

func (o Options) settled() Options {
	o.Log = orDiscard(o.Log)
	o.Connect = orElse(o.Connect, 5*time.Second)
	o.Login = orElse(o.Login, 9*time.Second)
	o.Answer = orElse(o.Answer, 30*time.Second)
	o.Keepalive = orElse(o.Keepalive, 5*time.Second)
	o.Misses = orElse(o.Misses, 3)
	o.Ping = orElse(o.Ping, 15*time.Second)
	o.Idle = orElse(o.Idle, time.Minute)
	o.Versions = orElse(o.Versions, Spoken())
	return o
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// A RemoteError is what a handler on the other side returned. A handler that
// wants a code of its own returns one.
type RemoteError struct {
	Code int    // an exit status; 1 unless the handler said another
	Text string // may be of any origin; Error makes it harmless
}

// Error returns the text, harmless to look at.
func (e *RemoteError) Error() string { return "the twin says: " + shorten(e.Text) }

// maxText is how much of a foreign text goes into an error.
const maxText = 300

// shorten makes foreign text fit to stand in an error.
func shorten(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "..."
	}
	return inert.Text(s)
}
