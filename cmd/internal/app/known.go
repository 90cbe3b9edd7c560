package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/link"
)

// ErrKnown is returned where the twin knows another server by this one's name:
// that one had files, which are lost, and comes back by way of the twin.
var ErrKnown = errors.New("the twin knows another server by this name")

// RefuseLost refuses to make a new server of a name that the twin knows another
// server by. A twin that cannot be asked is no reason to refuse.
func RefuseLost(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	err := AskKnown(ctx, cfg, "")
	if errors.Is(err, ErrKnown) {
		return cli.Fail(cli.Refused, err, "twinctl init --replace here, then on "+cfg.Twin.Name+": twinctl pair accept LINE --replace "+cfg.Name)
	}
	if err != nil {
		log.Warn("the twin could not be asked whether it knows this server", "err", err)
	}
	return nil
}

// AskKnown asks the twin whether it knows another server by this one's name:
// ErrKnown. server is this one's own id, "" before it has any. It asks only where
// twin.toml names the twin and this server's key is still there; another error is
// that it could not be asked.
func AskKnown(ctx context.Context, cfg *config.Config, server string) error {
	if _, err := os.Stat(cfg.Twin.Identity); cfg.Twin.SSH == "" || err != nil {
		return nil
	}
	c, err := link.Dial(ctx, link.Target{
		Name: cfg.Twin.Name, Address: cfg.Twin.SSH, Identity: cfg.Twin.Identity, KnownHosts: cfg.Twin.KnownHosts,
	}, link.Options{})
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // nothing is under way
	var remote *link.RemoteError
	err = c.Call(ctx, PairCheck, CheckQuestion{From: Who{Server: server}}, nil)
	switch {
	case !errors.As(err, &remote):
		return err
	case remote.Code == int(cli.Untrusted):
		return fmt.Errorf("%w: %s knows %s as another server, which had files: %w", ErrKnown, cfg.Twin.Name, cfg.Name, err)
	}
	return nil
}

// KnownHint says what to do about ErrKnown on a server that has its files.
func KnownHint(cfg *config.Config) string {
	return fmt.Sprintf("on %s: twinctl pair accept LINE --replace %s, with the line of twinctl pair show here", cfg.Twin.Name, cfg.Name)
}

const (
	knownAgain = time.Minute     // until the twin is asked once more that gave an answer,
	knownRetry = 5 * time.Second // or none
)

// A stranger remembers whether the twin knows another server by this one's name.
// While it does there is no bond, and collecting goes on: what is heard now is
// heard only once, and the twin is not told of any of it.
type stranger struct {
	mu    sync.Mutex
	known error
}

func (s *stranger) get() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

func (s *stranger) set(known error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = known
}

// seekName asks the twin, as long as this server has none, whether it knows
// another one by its name: a server that lost its files was made anew while the
// twin was away. It is told of as long as the twin says so.
func (s *server) seekName(ctx context.Context) error {
	self, err := s.data.Node.Self(ctx)
	if err != nil {
		return final(err)
	}
	for {
		have, err := s.data.Node.Pair(ctx)
		if err = final(err); err != nil && ctx.Err() == nil {
			return err
		}
		wait := knownRetry
		if have != nil {
			s.stranger.set(nil)
		} else if err := AskKnown(ctx, s.config(), self.Server); err == nil || errors.Is(err, ErrKnown) {
			s.stranger.set(err)
			wait = knownAgain
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}
