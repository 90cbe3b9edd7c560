package app

import (
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/inert"
)

// Feeds makes what the collector runs of what is configured. A feed that is
// configured wrong is among them and cannot be opened: it is shown as down,
// with the reason. Where two have one name, the first has it; where it is no
// name, there is nothing that it could be collected under.
func Feeds(cfg *config.Config) []collector.Feed {
	var feeds []collector.Feed
	for i := range cfg.Feeds {
		f := &cfg.Feeds[i]
		if first, _ := cfg.Feed(f.Name); first == f && inert.Name(f.Name) == nil {
			feeds = append(feeds, collector.Feed{Options: f.Options, Kind: f.Kind, Fingerprint: f.Fingerprint, Open: f.Open})
		}
	}
	return feeds
}
