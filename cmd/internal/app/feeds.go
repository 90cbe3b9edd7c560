package app

import (
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
)

// Feeds makes what the collector runs of what is configured. A feed that is
// configured wrong is among them and cannot be opened: it is shown as down,
// with the reason. Where two have one name, the first has it.
func Feeds(cfg *config.Config) []collector.Feed {
	var feeds []collector.Feed
	for i := range cfg.Feeds {
		f := &cfg.Feeds[i]
		if first, _ := cfg.Feed(f.Name); first == f {
			feeds = append(feeds, collector.Feed{Options: f.Options, Kind: f.Kind, Fingerprint: f.Fingerprint, Open: f.Open})
		}
	}
	return feeds
}
