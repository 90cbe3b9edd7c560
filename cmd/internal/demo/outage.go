package demo

import (
	"context"
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// When the second server is stopped and started again, in records of the first.
const (
	stopAt  = recordingEvents / 10
	startAt = recordingEvents / 4
)

// outage stops b in the middle of the feed, starts it again, and waits until
// what b did not hear is filled from a.
func outage(ctx context.Context, o Options, a, b *twin) error {
	whole := o.Lasting + settleWithin
	if err := waitFor(ctx, whole, "the feed to get under way", all([]*twin{a, b}, heard(stopAt))); err != nil {
		return err
	}
	if err := b.stop(); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s is stopped in the middle of it; %s goes on.\n", b.name, a.name)
	if err := waitFor(ctx, whole, "the feed to go on", all([]*twin{a}, heard(startAt))); err != nil {
		return err
	}
	if err := b.start(o); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s is started again.\n", b.name)
	if err := waitFor(ctx, whole, b.name+" to hear the feed again", all([]*twin{b}, live)); err != nil {
		return err
	}
	if err := showGaps(ctx, o.Out, b); err != nil {
		return err
	}
	if err := waitFor(ctx, whole, "the gap to be filled", all([]*twin{b}, gapless)); err != nil {
		return err
	}
	return showGaps(ctx, o.Out, b)
}

func heard(records int64) func(node.FeedDocument) bool {
	return func(f node.FeedDocument) bool { return f.Records >= records }
}

func live(f node.FeedDocument) bool     { return f.State == string(feed.Live) }
func gapless(f node.FeedDocument) bool  { return f.GapsOpen == 0 }
func complete(f node.FeedDocument) bool { return f.Records >= recordingEvents && f.GapsOpen == 0 }

// showGaps prints what a server did not hear, and what became of it.
func showGaps(ctx context.Context, out io.Writer, t *twin) error {
	gaps, err := t.data.History.Gaps(ctx, feedName)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		to := "now"
		if g.To != nil {
			to = g.To.Time().Format(timeOfDay)
		}
		fmt.Fprintf(out, "  gap of %s: %s to %s, %s: %s%s\n", t.name, g.From.Time().Format(timeOfDay), to, g.Reason, g.State, filledBy(g))
	}
	return nil
}

const timeOfDay = "15:04:05"

func filledBy(g history.Gap) string {
	if g.State != history.GapFilled {
		return ""
	}
	return fmt.Sprintf(" from the twin, %d records", g.Records)
}
