package app

import (
	"context"
	"time"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// word is what this server tells its twin: doc is what it is doing, silent for
// how long it has not said so.
func word(ctx context.Context, cfg *config.Config, n *node.DB, doc node.Document, silent time.Duration) (exchange.Word, error) {
	self, err := n.Self(ctx)
	if err != nil {
		return exchange.Word{}, err
	}
	w := exchange.Word{Server: self.Server, Doc: doc, Silent: int64(silent / time.Second), Zones: Zones()}
	have, err := n.Pair(ctx)
	if err != nil {
		return w, err
	}
	if have != nil {
		w.Pair = have.Pair
	}
	for _, s := range cfg.Shared() {
		w.Feeds = append(w.Feeds, exchange.Section(s))
	}
	w.Audit, err = n.AuditHead(ctx)
	return w, err
}

// Say returns what says a server's word in another process than twind.
func Say(cfg *config.Config, data *Data) func(context.Context) (exchange.Word, error) {
	return func(ctx context.Context) (exchange.Word, error) {
		doc, err := Status(ctx, cfg, data)
		if err != nil {
			return exchange.Word{}, err
		}
		said, err := data.Node.Activity(ctx)
		if err != nil {
			return exchange.Word{}, err
		}
		var silent time.Duration
		if doc.Running && said.PID == doc.PID {
			silent = record.At(time.Now()).Sub(said.At)
		}
		return word(ctx, cfg, data.Node, doc, silent)
	}
}

// word returns this twind's own word, as of its last heartbeat.
func (s *server) word(ctx context.Context) (exchange.Word, error) {
	return word(ctx, s.config(), s.data.Node, s.lastDoc(), 0)
}

// say says it, and keeps it for the alarms of the pair.
func (s *server) say(ctx context.Context) (exchange.Word, error) {
	said, err := s.word(ctx)
	if err != nil {
		return said, err
	}
	s.mu.Lock()
	s.said = said
	s.mu.Unlock()
	return said, nil
}
