package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// turnedAway is how many people may come beside those who have a session, for as long
// as it takes to tell them that there is none left.
const turnedAway = 16

// openDoor opens the embedded SSH server, and returns what runs it; nil when it
// is turned off. It lets in the twin that was accepted, for the link alone, and
// administered users for twinctl alone.
func (s *server) openDoor(ctx context.Context) (func(context.Context) error, error) {
	cfg := s.config()
	if cfg.SSH.Listen == "" {
		return nil, nil //nolint:nilnil // turned off
	}
	if _, err := link.EnsureHostKey(cfg.SSH.HostKey); err != nil {
		return nil, err
	}
	server, err := link.NewServer(link.ServerOptions{
		HostKey: cfg.SSH.HostKey,
		Authorize: func(ctx context.Context, line string) (string, bool) {
			_, ok := Notary{s.config(), s.data.Node}.Authorized(ctx, line)
			return line, ok
		},
		Serve: func(ctx context.Context, key string, session link.Session, rw io.ReadWriter) error {
			return Attend(ctx, func() Peer { return s.peer(key) }, session, rw)
		},
		Refused: s.refused,
		Log:     s.log,
		People:  s.receiving(),
		Limits:  func() link.Limits { return bounds(s.config()) },
	})
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.SSH.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: ssh.listen = %q: %w", config.ErrInvalid, cfg.SSH.Listen, err)
	}
	s.people.at(l.Addr())
	s.log.Info("listening", "ssh", l.Addr().String())
	return func(ctx context.Context) error { return server.Run(ctx, l) }, nil
}

// bounds are what those who come may take of the door, as ssh.sessions and ssh.idle
// are now.
func bounds(cfg *config.Config) link.Limits {
	sessions, idle, _ := cfg.SSH.People()
	return link.Limits{Guests: sessions + turnedAway, Unused: idle}
}

// peer serves whoever has proven to have that key.
func (s *server) peer(key string) Peer {
	return Peer{Notary: Notary{s.config(), s.data.Node}, Key: key, History: s.data.History, Admin: s.data.Admin, Say: s.say, Damaged: s.filler.rots, Log: s.log, keeper: s.timekeeper}
}

// refused writes down who asked for what nobody may: the twin by its key, a
// person by the login. Without either it is what several asked for, counted.
func (s *server) refused(ctx context.Context, who, what string) {
	act := node.Act{Actor: cmp.Or(link.Fingerprint(who), who, "several"), Verb: "ssh.refused", Target: what}
	if err := s.data.Node.Audit(ctx, act); err != nil {
		s.log.Warn("a refusal is not in the audit", "key", act.Actor, "what", what, "err", err)
	}
}
