package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/sync/link"
)

// RefuseLost refuses to make a new server of a name that the twin knows another
// server by: that one has lost its files, and comes back by way of the twin. It
// asks only where twin.toml names the twin and this server's key is still
// there; a twin that cannot be asked is no reason to refuse.
func RefuseLost(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	if _, err := os.Stat(cfg.Twin.Identity); cfg.Twin.SSH == "" || err != nil {
		return nil
	}
	c, err := link.Dial(ctx, link.Target{
		Name: cfg.Twin.Name, Address: cfg.Twin.SSH, Identity: cfg.Twin.Identity, KnownHosts: cfg.Twin.KnownHosts,
	}, link.Options{})
	if err != nil {
		log.Warn("the twin could not be asked whether it knows this server", "err", err)
		return nil
	}
	defer c.Close() //nolint:errcheck // nothing is under way
	var remote *link.RemoteError
	err = c.Call(ctx, PairCheck, CheckQuestion{}, nil)
	if !errors.As(err, &remote) || remote.Code != int(cli.Untrusted) {
		return nil
	}
	return cli.Fail(cli.Refused,
		fmt.Errorf("%s knows %s as another server, which had files: %w", cfg.Twin.Name, cfg.Name, err),
		"twinctl init --replace here, then on "+cfg.Twin.Name+": twinctl pair accept LINE --replace "+cfg.Name)
}
