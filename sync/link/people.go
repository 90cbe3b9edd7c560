package link

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// People are those who may log in beside the twin, and what becomes of them. What
// the twin's key opens they cannot, and the twin nothing of theirs: who has proven
// to have the twin's key is the twin, by whatever name.
type People interface {
	// Known tells whether a public key, as a line "type base64", is one of this
	// login's. It is asked for each key that somebody offers, before it is proven
	// that they have it, and again every Limits.Again as long as they stay: one that
	// is false ends the connection. An error lets nobody in, and ends nothing.
	Known(ctx context.Context, login, line string) (bool, error)
	// Receive serves one session of a guest until it is over or ctx ends, whose cause
	// may be told, and returns the exit status.
	Receive(ctx context.Context, g Guest, s Stay) (status int)
}

// A Guest is a person who has logged in.
type Guest struct {
	Login string
	Key   string   // fingerprint
	From  net.Addr // of the client
	At    net.Addr // where this server was reached
}

// A Stay is one session of a guest.
type Stay struct {
	Command string // that was asked for; "" for none
	Term    *Term  // the terminal that it has; nil: none
	// Sizes has what became of the terminal's size, the last if there were several.
	Sizes <-chan Size
	In    io.Reader
	Out   io.Writer
	Err   io.Writer
}

// A Term is a terminal as a client says that it has one.
type Term struct {
	Name string // as in $TERM, anything
	Size Size
}

// A Size is that of a terminal, in characters; anything.
type Size struct{ Columns, Rows uint32 }

// maxCommand is how many bytes a command of a guest may have.
const maxCommand = 16 << 10

// extensionLogin is what the login of a guest leaves behind beside the others.
const (
	extensionLogin = "login@twin"
	extensionLine  = "line@twin"
)

// guest lets a person in.
func (s *Server) guest(ctx context.Context, login string, key ssh.PublicKey) (*ssh.Permissions, error) {
	nobody := errors.New("nobody's key")
	if s.options.People == nil || login == "" {
		return nil, nobody
	}
	line := keyLine(key)
	if known, err := s.options.People.Known(ctx, login, line); err != nil || !known {
		return nil, errors.Join(nobody, err)
	}
	return &ssh.Permissions{Extensions: map[string]string{
		extensionWho: login, extensionKey: ssh.FingerprintSHA256(key), extensionLogin: login, extensionLine: line,
	}}, nil
}

// A lodging serves the sessions of a guest.
type lodging struct {
	*visit
	guest  Guest
	line   string // the key
	people People
	unfit  chan struct{} // closed when the guest may be here no longer

	served int       // sessions that are, with mu
	last   time.Time // when there was one last, or the guest came, with mu
}

// guest makes a visit a person's.
func (v *visit) guest(conn net.Conn, has map[string]string) *lodging {
	l := &lodging{
		visit: v, line: has[extensionLine], people: v.server.options.People, unfit: make(chan struct{}), last: time.Now(),
		guest: Guest{Login: has[extensionLogin], Key: has[extensionKey], From: conn.RemoteAddr(), At: conn.LocalAddr()},
	}
	v.log = v.log.With("login", shorten(l.guest.Login))
	v.most, v.serves = v.server.limits().Stays, l.session
	return l
}

// errUnfit is why the session of a guest who is sent away ends.
var errUnfit = errors.New("this key is not that login's any longer")

// lastStay is how long the sessions of a guest who is sent away may take to end
// in order.
const lastStay = 3 * time.Second

// look ends the sessions and the connection of a guest who may be here no longer,
// and a connection that serves for nothing: each is a place that others want.
func (l *lodging) look(ctx context.Context) {
	tick := time.NewTicker(l.server.limits().Again)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if known, err := l.people.Known(ctx, l.guest.Login, l.line); err == nil && !known {
			if l.server.inside.may() {
				l.log.Warn("ssh: connection ended: this key is not that login's any longer")
			}
			close(l.unfit)
			l.empty(ctx)
			l.end()
			return
		}
		if l.unused(time.Now()) > l.server.limits().Unused {
			if l.server.inside.may() {
				l.log.Info("ssh: connection ended: no session in it for too long")
			}
			l.end()
			return
		}
	}
}

// unused returns for how long no session has been served. One that the guest has
// only not closed is none.
func (l *lodging) unused(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.served > 0 {
		return 0
	}
	return now.Sub(l.last)
}

// serving counts the sessions that are.
func (l *lodging) serving(more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.served += more
	l.last = time.Now()
}

// empty waits until no session goes on, for as long as they may take.
func (l *lodging) empty(ctx context.Context) {
	for end := time.Now().Add(lastStay); time.Now().Before(end); {
		l.mu.Lock()
		left := l.sessions
		l.mu.Unlock()
		if left == 0 || !pause(ctx, acceptPause) {
			return
		}
	}
}

// session waits for what a guest wants, a shell or a command, with or without a
// terminal, and serves that until the guest closes the session.
func (l *lodging) session(ctx context.Context, ch ssh.Channel, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer ch.Close() //nolint:errcheck // the other side may have closed it
	l.running.Go(func() {
		select {
		case <-l.unfit:
			cancel(errUnfit)
		case <-ctx.Done():
		}
	})
	sizes := make(chan Size, 1)
	stay := Stay{Sizes: sizes, In: ch, Out: ch, Err: ch.Stderr()}
	started := false
	for r := range requests {
		l.spend()
		ok, begins := false, false
		switch r.Type {
		case "pty-req":
			if !started && stay.Term == nil {
				stay.Term, ok = parseTerm(r.Payload)
			}
		case "window-change":
			var size Size
			if size, ok = parseSize(r.Payload); ok && stay.Term != nil {
				latest(sizes, size)
			}
		case "shell", "exec":
			ok = !started && l.wants(ctx, &stay, r)
			begins = ok
		case "env", "signal": // every client tries
		default:
			l.refused(ctx, "request "+r.Type)
		}
		_ = r.Reply(ok, nil)
		if begins {
			started = true
			l.running.Go(func() { l.receive(ctx, ch, stay) })
		}
	}
}

// wants reads what is to be run.
func (l *lodging) wants(ctx context.Context, stay *Stay, r *ssh.Request) bool {
	if r.Type == "shell" {
		return true
	}
	var exec struct{ Command string }
	if err := ssh.Unmarshal(r.Payload, &exec); err != nil {
		return false
	}
	if _, err := ParseCommand(exec.Command); err == nil || len(exec.Command) > maxCommand {
		l.refused(ctx, "command "+exec.Command)
		return false
	}
	stay.Command = exec.Command
	return true
}

// receive serves the session, and tells how it ended as a process would.
func (l *lodging) receive(ctx context.Context, ch ssh.Channel, stay Stay) {
	l.serving(1)
	status := l.people.Receive(ctx, l.guest, stay)
	l.serving(-1)
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
	_ = ch.Close()
}

// latest puts a size in the place of one that nobody has taken yet.
func latest(sizes chan Size, size Size) {
	select {
	case <-sizes:
	default:
	}
	sizes <- size // this goroutine alone puts any
}

func parseTerm(payload []byte) (*Term, bool) {
	var asked struct {
		Name          string
		Columns, Rows uint32
		Width, Height uint32
		Modes         string
	}
	if err := ssh.Unmarshal(payload, &asked); err != nil {
		return nil, false
	}
	return &Term{Name: asked.Name, Size: Size{asked.Columns, asked.Rows}}, true
}

func parseSize(payload []byte) (Size, bool) {
	var asked struct{ Columns, Rows, Width, Height uint32 }
	err := ssh.Unmarshal(payload, &asked)
	return Size{asked.Columns, asked.Rows}, err == nil
}
