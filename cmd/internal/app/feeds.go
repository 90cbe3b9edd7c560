package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/inert"
)

// Feeds makes what the collector runs of what is configured. A feed that is
// configured wrong is among them and cannot be opened: it is shown as down,
// with the reason. Where two have one name, the first has it; where it is no
// name, there is nothing that it could be collected under.
func Feeds(cfg *config.Config) []collector.Feed {
	var feeds []collector.Feed
	for i := range cfg.Feeds {
		if f := &cfg.Feeds[i]; named(cfg, f) {
			feeds = append(feeds, collector.Feed{Options: f.Options, Kind: f.Kind, Fingerprint: f.Fingerprint, Open: f.Open})
		}
	}
	return feeds
}

// nameless returns what is wrong with the sections that Feeds leaves out.
func nameless(cfg *config.Config) []error {
	var wrong []error
	for i := range cfg.Feeds {
		if f := &cfg.Feeds[i]; !named(cfg, f) {
			wrong = append(wrong, f.Err)
		}
	}
	return wrong
}

// named tells whether f is the one that its name means.
func named(cfg *config.Config, f *config.Feed) bool {
	first, _ := cfg.Feed(f.Name)
	return first == f && inert.Name(f.Name) == nil
}

// Examine tries what a feed needs, step by step; with login false it stops short
// of logging in, because a feed holds one session at a time. An error means
// that nothing was tried.
func Examine(ctx context.Context, f *config.Feed, login bool) ([]feed.Check, error) {
	source, err := f.Open(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	tester, ok := source.(feed.Tester)
	if !ok {
		return nil, fmt.Errorf("feed %q: its kind %s has no test", f.Name, f.Kind.Name)
	}
	return tester.Test(ctx, login), nil
}
