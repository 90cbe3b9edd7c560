package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// ServerOptions are what a Server is made of.
type ServerOptions struct {
	// HostKey is the file with the host's private key: see EnsureHostKey.
	HostKey string
	// Authorize says whose key a line "type base64" is; false for nobody's.
	// It is asked for each key that somebody offers, before it is proven that
	// they have it, and from several goroutines at once.
	Authorize func(ctx context.Context, line string) (who string, ok bool)
	// Serve runs a session for whom Authorize named, and returns when it is
	// over. rw is an io.Closer. The exit status is that of the *RemoteError
	// which it returns, else 1 for an error.
	Serve func(ctx context.Context, who string, s Session, rw io.ReadWriter) error
	// Refused is told of what was asked for and not let in, if it is not nil:
	// by whom and what, so often as Limits.Told allows, and then with who ""
	// how many more there were. The text is harmless to look at.
	Refused func(ctx context.Context, who, what string)
	// People may log in too, if it is not nil: see there.
	People People
	Log    *slog.Logger // nothing is logged unless said
	// Limits says what they are now; nil: as Limits names them. Those of a connection
	// that stands go by it too, but for what it began with: Stays, Sessions, Again,
	// Keepalive and Misses. Told and TellEvery are those of the start.
	Limits func() Limits
}

// Limits bound what strangers, and those who may log in, can take. What is
// zero is taken from the values named here.
type Limits struct {
	Strangers   int           // connections that are not logged in: 16
	PerHost     int           // those of them that come from one address: 4; one that opens them all keeps nobody out
	Connections int           // connections that are: 16
	Sessions    int           // sessions at once in one connection: 8
	Guests      int           // connections of people, beside those: 50
	Stays       int           // sessions at once in one of them: 4
	Again       time.Duration // how often it is asked whether a guest still may be here: 2 s
	Unused      time.Duration // how long a guest may be here without a session: 1 h
	Login       time.Duration // from the connection to the login: 10 s
	BeforeLogin int64         // bytes that may come before the login: 64 KiB
	Keepalive   time.Duration // how often life is asked for: 5 s
	Misses      int           // how often in a row nothing may come back: 3
	Told        int           // what is logged and told of those who log in, and of strangers, in TellEvery: 20 each
	TellEvery   time.Duration // 1 minute
}

func (l Limits) settled() Limits {
	l.Strangers = orElse(l.Strangers, 16)
	l.PerHost = orElse(l.PerHost, 4)
	l.Connections = orElse(l.Connections, 16)
	l.Sessions = orElse(l.Sessions, 8)
	l.Guests = orElse(l.Guests, 50)
	l.Stays = orElse(l.Stays, 4)
	l.Again = orElse(l.Again, 2*time.Second)
	l.Unused = orElse(l.Unused, time.Hour)
	l.Login = orElse(l.Login, 10*time.Second)
	l.BeforeLogin = orElse(l.BeforeLogin, 64<<10)
	l.Keepalive = orElse(l.Keepalive, 5*time.Second)
	l.Misses = orElse(l.Misses, 3)
	l.Told = orElse(l.Told, 20)
	l.TellEvery = orElse(l.TellEvery, time.Minute)
	return l
}

// A Server is sshd for the sessions of the link, and for people where there is
// somebody who receives them: public keys alone, no forwarding, environment or
// subsystem, and for the twin no terminal or shell.
type Server struct {
	options ServerOptions
	log     *slog.Logger
	signer  ssh.Signer
	outside teller // tells of those who are not logged in, or are nobody yet
	inside  teller // of those who are

	mu        sync.Mutex
	strangers map[string]int // by host
	known     int            // connections that are logged in
	guests    int            // of people
}

// NewServer reads the host key; that is all that can fail, with ErrIdentity.
func NewServer(o ServerOptions) (*Server, error) {
	signer, err := readKey(o.HostKey)
	if err != nil {
		return nil, fmt.Errorf("host key: %w", err)
	}
	s := &Server{options: o, log: orDiscard(o.Log), signer: signer, strangers: map[string]int{}}
	told := s.limits().Told
	s.outside, s.inside = teller{most: told}, teller{most: told, refused: o.Refused}
	return s, nil
}

// limits returns what they are now.
func (s *Server) limits() Limits {
	if s.options.Limits == nil {
		return Limits{}.settled()
	}
	return s.options.Limits().settled()
}

// Run serves until ctx ends (nil), or the listener fails. It closes the
// listener. When it returns, all connections are closed and all sessions over.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() {
		cancel()
		running.Wait()
		s.turn(ctx)
	}()
	running.Go(func() { s.reckon(ctx) })
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("ssh server: %w", err)
		case err != nil: // out of descriptors, or the connection is gone already: others may come
			if s.outside.may() {
				s.log.Warn("ssh: accept", "error", err)
			}
			if !pause(ctx, acceptPause) {
				return nil
			}
			continue
		}
		running.Go(func() { s.receive(ctx, conn) })
	}
}

// acceptPause keeps a listener that fails from taking a processor.
const acceptPause = 100 * time.Millisecond

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// config is for one connection, so that its callbacks have its context.
func (s *Server) config(ctx context.Context) *ssh.ServerConfig {
	c := &ssh.ServerConfig{
		Config:                  transportAlgorithms(),
		PublicKeyAuthAlgorithms: userAlgorithms(),
		MaxAuthTries:            6,
		ServerVersion:           "SSH-2.0-Twin",
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if signatures(key.Type()) == nil {
				return nil, errors.New("a key of this type is not accepted")
			}
			who, ok := s.options.Authorize(ctx, keyLine(key))
			if !ok {
				return s.guest(ctx, meta.User(), key)
			}
			// What is kept outside the permissions would belong to the key
			// that was offered last, and not to the one that was proven.
			return &ssh.Permissions{Extensions: map[string]string{
				extensionWho: who, extensionKey: ssh.FingerprintSHA256(key),
			}}, nil
		},
	}
	c.AddHostKey(s.signer)
	return c
}

// What a login leaves behind for its sessions.
const (
	extensionWho = "who@twin"
	extensionKey = "key@twin"
)

// enter takes a place for a stranger.
func (s *Server) enter(host string) error {
	limits := s.limits()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := 0
	for _, n := range s.strangers {
		all += n
	}
	if all >= limits.Strangers || s.strangers[host] >= limits.PerHost {
		return fmt.Errorf("%d connections wait for their login, %d of them from there", all, s.strangers[host])
	}
	s.strangers[host]++
	return nil
}

// leave gives a stranger's place back.
func (s *Server) leave(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.strangers[host]--; s.strangers[host] == 0 {
		delete(s.strangers, host)
	}
}

// welcome takes a place for a connection that has logged in: people take none of
// the twin's.
func (s *Server) welcome(person bool) bool {
	limits := s.limits()
	s.mu.Lock()
	defer s.mu.Unlock()
	places, most := &s.known, limits.Connections
	if person {
		places, most = &s.guests, limits.Guests
	}
	if *places >= most {
		return false
	}
	*places++
	return true
}

func (s *Server) farewell(person bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if person {
		s.guests--
	} else {
		s.known--
	}
}
