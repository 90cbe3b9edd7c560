package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/count"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// Rebuild is the verb by which a person asks the running server to count
// intervals anew from the records.
const Rebuild = "rebuild"

// RebuildArgs say which: those that begin or end within From and To. Zero
// leaves that side open.
type RebuildArgs struct {
	Feeds []string       `json:"feeds,omitempty"` // none: all that are counted
	From  record.Instant `json:"from"`
	To    record.Instant `json:"to"`
}

// RebuildAnswer is the answer.
type RebuildAnswer struct {
	Feeds []RebuiltFeed `json:"feeds"`
}

// A RebuiltFeed is what was done of one feed.
type RebuiltFeed struct {
	Feed string `json:"feed"`
	count.Rebuilt
}

// newCounter makes who counts what the feeds say. It goes behind collecting, as
// a fill does that nobody waits for, and behind an import.
func newCounter(data *Data, f *filler, log *slog.Logger) *count.Counter {
	return count.New(data.History, count.Options{Log: log, Room: f.courtesy.behind(), Rots: f.rots})
}

// countedFeeds returns the feeds of cfg that may be counted. What is configured
// wrong is not, because nobody knows what its records are meant to look like.
func countedFeeds(cfg *config.Config) []count.Feed {
	var feeds []count.Feed
	for i := range cfg.Feeds {
		if f := &cfg.Feeds[i]; named(cfg, f) && f.Err == nil {
			feeds = append(feeds, count.Feed{Name: f.Name, Format: f.Format})
		}
	}
	return feeds
}

// A recounter answers the requests to count anew.
type recounter struct {
	counter *count.Counter
	node    *node.DB
	log     *slog.Logger
}

func (c *recounter) ask(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args RebuildArgs) (any, error) {
		feeds, err := c.which(args)
		if err != nil {
			return nil, err
		}
		answer := RebuildAnswer{Feeds: []RebuiltFeed{}}
		for _, name := range feeds {
			done, err := c.counter.Rebuild(ctx, name, args.span(), c.tell(ctx, r, name))
			if errors.Is(err, history.ErrUnknownFeed) {
				continue // nothing was collected of it yet
			}
			if err != nil {
				return nil, err
			}
			answer.Feeds = append(answer.Feeds, RebuiltFeed{name, done})
		}
		c.log.Info("counted anew from the records", "feeds", feeds, "from", args.From.String(), "to", args.To.String())
		return answer, c.node.Audit(ctx, node.Act{Actor: r.Actor, Verb: Rebuild, Target: "reports", Detail: answer})
	})
}

// span returns which time is meant.
func (a RebuildArgs) span() record.Span {
	s := record.Span{From: a.From, To: a.To}
	if s.To == 0 {
		s.To = 1<<63 - 1
	}
	return s
}

// which returns the feeds that are meant.
func (c *recounter) which(args RebuildArgs) ([]string, error) {
	counted := c.counter.Feeds()
	if len(args.Feeds) == 0 {
		return counted, nil
	}
	for _, name := range args.Feeds {
		if !slices.Contains(counted, name) {
			err := fmt.Errorf("feed %q is not counted: it is not in the configuration, or what it says tells nothing of calls; nothing was changed", name)
			return nil, cli.Fail(cli.Usage, err, "twinctl feed list")
		}
	}
	return args.Feeds, nil
}

// tell returns what writes down how far a rebuild has come, at most each second.
func (c *recounter) tell(ctx context.Context, r node.Request, feed string) func(count.Progress) {
	var last time.Time
	return func(p count.Progress) {
		if now := time.Now(); now.Sub(last) >= time.Second {
			last = now
			text := fmt.Sprintf("%s: counted up to %s of %s, %d records", feed, p.Until, p.To, p.Records)
			if err := c.node.SetProgress(ctx, r.ID, text); err != nil {
				c.log.Debug("progress of a rebuild cannot be told", "err", err)
			}
		}
	}
}
