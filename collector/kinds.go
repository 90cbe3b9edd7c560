package collector

import (
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/feed/ami"
	"github.com/twinctl/twin/collector/feed/files"
	"github.com/twinctl/twin/collector/feed/lines"
	"github.com/twinctl/twin/collector/feed/relp"
	"github.com/twinctl/twin/collector/feed/syslog"
	"github.com/twinctl/twin/collector/feed/tail"
)

// Kinds lists every kind of feed that there is.
func Kinds() []feed.Kind {
	return []feed.Kind{
		ami.Kind(),
		tail.Kind(),
		lines.Kind(),
		files.Kind(),
		relp.Kind(),
		syslog.Kind(),
	}
}
