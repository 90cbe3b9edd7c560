package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/twinctl/twin/cmd/internal/deliver"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/apply"
)

// sweepInterval is how often is looked for bundles that nobody will apply.
const sweepInterval = time.Hour

// sweep removes what syncs that were given up left behind, and what was to be
// sent and no message waits for, now and every hour, until ctx ends.
func (s *server) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		sweepOnce(ctx, s.data.Dir, s.log)
		sweepOutbox(ctx, s.data, s.log)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sweepOnce warns of what it cannot remove: a server collects all the same.
func sweepOnce(ctx context.Context, data string, log *slog.Logger) {
	removed, err := apply.Handler{Dir: data}.Spool().Sweep(ctx, time.Now())
	if removed > 0 {
		log.Info("bundles that were never applied are removed", "bundles", removed)
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("bundles that were never applied cannot be removed", "err", err)
	}
}

// sweepOutbox removes what goes with no letter any more.
func sweepOutbox(ctx context.Context, data *Data, log *slog.Logger) {
	removed, err := deliver.OutboxOf(data.Dir).Sweep(time.Now(), func(id string) (bool, error) {
		return data.Node.Waits(ctx, node.AboutReport(id))
	})
	if removed > 0 {
		log.Info("reports that no message waits for are removed from the outbox", "reports", removed)
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("the outbox cannot be swept", "err", err)
	}
}
