package app

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/config"
)

// reload reads the configuration again at each hang-up. One that is wrong
// changes nothing; feeds that did not change are not disturbed.
func (s *server) reload(ctx context.Context, o Options) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.Hangup:
		}
		cfg, err := o.Reload()
		if err != nil {
			s.log.Error("configuration not reloaded, the old one stays", "err", err)
			continue
		}
		s.adopt(ctx, cfg)
	}
}

func (s *server) adopt(ctx context.Context, cfg *config.Config) {
	old := s.config()
	for _, fixed := range []struct{ key, was, is string }{
		{"name", old.Name, cfg.Name},
		{"data", old.Data, cfg.Data},
		{"http.listen", old.HTTP.Listen, cfg.HTTP.Listen},
		{"ssh.listen", old.SSH.Listen, cfg.SSH.Listen},
		{"ssh.host_key", old.SSH.HostKey, cfg.SSH.HostKey},
		{"timetable.at_once", old.Timetable.AtOnce, cfg.Timetable.AtOnce},
	} {
		if fixed.was != fixed.is {
			s.log.Warn("a change of this setting takes effect when twind is restarted", "key", fixed.key)
		}
	}
	cfg.Name, cfg.Data, cfg.HTTP.Listen = old.Name, old.Data, old.HTTP.Listen
	cfg.SSH.Listen, cfg.SSH.HostKey = old.SSH.Listen, old.SSH.HostKey
	cfg.Timetable.AtOnce = old.Timetable.AtOnce
	s.mu.Lock()
	s.cfg = cfg
	s.mu.Unlock()
	if err := s.setFeeds(ctx, cfg); err != nil {
		s.log.Error("which feeds are paused cannot be told", "err", err)
	}
	s.log.Info("configuration reloaded", "file", cfg.File, "feeds", len(cfg.Feeds))
}

// setFeeds has the collector run the feeds of cfg, those that a person paused
// excepted, and says which are wrong.
func (s *server) setFeeds(ctx context.Context, cfg *config.Config) error {
	for _, p := range cfg.Problems() {
		s.log.Error("a feed is configured wrong, the others run", "err", p)
	}
	limitMemory(cfg)
	s.live.set(cfg)
	s.collector.Set(Feeds(cfg))
	s.counter.SetFeeds(countedFeeds(cfg))
	paused, err := s.data.Node.Paused(ctx)
	for name := range paused {
		s.collector.Pause(name, true)
	}
	return err
}
