package link

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/twinctl/twin/collector/inert"
)

// receive serves one connection from its first byte to its last.
func (s *Server) receive(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close() //nolint:errcheck // what was to be said was said
	host := hostOf(conn)
	if err := s.enter(host); err != nil {
		if s.outside.may() {
			s.log.Warn("ssh: connection refused", "from", host, "error", err)
		}
		return
	}
	m := &meter{Conn: conn}
	login, channels, requests, err := s.login(ctx, m)
	s.leave(host)
	if err != nil {
		if s.outside.may() {
			s.log.Warn("ssh: no login", "from", host, "error", shorten(err.Error()))
		}
		return
	}
	has := login.Permissions.Extensions
	v := &visit{
		server: s, conn: login, who: has[extensionWho], end: cancel, most: s.limits().Sessions,
		patience: newBudget(256, 32), log: s.log.With("from", host, "key", has[extensionKey]),
	}
	v.serves = v.session
	person := has[extensionLogin] != ""
	if person {
		g := v.guest(conn, has)
		v.running.Go(func() { g.look(ctx) })
	}
	if !s.welcome(person) {
		if s.inside.may() {
			v.log.Warn("ssh: connection refused: too many are logged in")
		}
		cancel()
		v.running.Wait()
		return
	}
	defer s.farewell(person)
	v.run(ctx, m, channels, requests)
}

func hostOf(conn net.Conn) string {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	return host
}

// login does the SSH handshake, within bounds of time and bytes.
func (s *Server) login(ctx context.Context, m *meter) (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	limits := s.limits()
	if err := m.SetDeadline(time.Now().Add(limits.Login)); err != nil {
		return nil, nil, nil, err
	}
	m.limit.Store(limits.BeforeLogin)
	conn, channels, requests, err := ssh.NewServerConn(m, s.config(ctx))
	if err != nil {
		return nil, nil, nil, err
	}
	m.limit.Store(0)
	return conn, channels, requests, m.SetDeadline(time.Time{})
}

// A visit is a connection that has logged in.
type visit struct {
	server   *Server
	conn     *ssh.ServerConn
	who      string
	end      func() // ends the connection
	most     int    // sessions at once
	serves   func(context.Context, ssh.Channel, <-chan *ssh.Request)
	log      *slog.Logger
	running  sync.WaitGroup
	mu       sync.Mutex
	patience *budget
	sessions int
}

// run serves the sessions until the connection ends.
func (v *visit) run(ctx context.Context, m *meter, channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	defer v.running.Wait()
	defer v.conn.Close() //nolint:errcheck // it is gone already, or is meant to be
	limits := v.server.limits()
	v.running.Go(func() {
		pulse{conn: v.conn, meter: m, every: limits.Keepalive, misses: limits.Misses}.watch(ctx.Done(), v.end)
	})
	v.running.Go(func() { // nothing is granted to the connection as a whole
		for r := range requests {
			v.spend()
			_ = r.Reply(false, nil)
		}
	})
	for ch := range channels {
		v.spend()
		v.open(ctx, ch)
	}
	v.end()
}

// spend ends the connection of one that asks for more than anybody needs.
func (v *visit) spend() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.patience.spend(time.Now()) {
		if v.server.inside.may() {
			v.log.Warn("ssh: connection ended: it floods us with requests")
		}
		v.end()
	}
}

// open lets a session in, if there is room for it.
func (v *visit) open(ctx context.Context, asked ssh.NewChannel) {
	if asked.ChannelType() != "session" {
		v.refused(ctx, "channel "+asked.ChannelType())
		_ = asked.Reject(ssh.Prohibited, "only sessions are served here")
		return
	}
	if !v.enter() {
		_ = asked.Reject(ssh.ResourceShortage, "too many sessions")
		return
	}
	ch, requests, err := asked.Accept()
	if err != nil {
		v.leave()
		return
	}
	v.running.Go(func() {
		defer v.leave()
		v.serves(ctx, ch, requests)
	})
}

func (v *visit) enter() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sessions >= v.most {
		return false
	}
	v.sessions++
	return true
}

func (v *visit) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sessions--
}

// session waits for the one command that a session may have, and runs it.
func (v *visit) session(ctx context.Context, ch ssh.Channel, requests <-chan *ssh.Request) {
	defer ch.Close() //nolint:errcheck // the other side may have closed it
	started := false
	for r := range requests {
		v.spend()
		s, ok := Session(""), false
		if r.Type == "exec" && !started {
			s, ok = v.command(ctx, r.Payload)
		} else if r.Type != "env" && r.Type != "signal" && !started {
			v.refused(ctx, "request "+r.Type)
		}
		_ = r.Reply(ok, nil)
		if !ok {
			continue
		}
		started = true
		v.running.Go(func() { v.serve(ctx, s, ch) })
	}
}

func (v *visit) command(ctx context.Context, payload []byte) (Session, bool) {
	var exec struct{ Command string }
	if err := ssh.Unmarshal(payload, &exec); err != nil {
		return "", false
	}
	s, err := ParseCommand(exec.Command)
	if err != nil {
		v.refused(ctx, "command "+exec.Command)
	}
	return s, err == nil
}

// maxRefused is how many bytes are told of what was asked for: made harmless,
// they may be four times as many.
const maxRefused = 100

func (v *visit) refused(ctx context.Context, what string) {
	if len(what) > maxRefused {
		what = strings.ToValidUTF8(what[:maxRefused], "") + "..."
	}
	v.server.inside.refuse(ctx, v.log, v.who, inert.Text(what))
}

// serve runs a session, and tells how it ended as a process would.
func (v *visit) serve(ctx context.Context, s Session, ch ssh.Channel) {
	err := v.server.options.Serve(ctx, v.who, s, ch)
	status := uint32(0)
	if err != nil {
		if v.server.inside.may() {
			v.log.Warn("ssh: session ended", "session", string(s), "error", err)
		}
		status = 1
	}
	if coded, ok := errors.AsType[*RemoteError](err); ok {
		status = uint32(coded.Code)
	}
	if err != nil {
		_, _ = io.WriteString(ch.Stderr(), shorten(err.Error())+"\n")
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = ch.Close()
}
