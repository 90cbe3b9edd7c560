package demo

import (
	"context"
	"fmt"
	"io"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
)

// When the second server is stopped and started again, in parts of the recording
// that the first has.
const (
	stopAt  = 0.1
	startAt = 0.25
)

// outage stops b in the middle of the feed, starts it again, and waits until b
// has what it did not hear: from a, or from where it waited for b.
func outage(ctx context.Context, o Options, a, b *twin) error {
	whole := o.Lasting + settleWithin
	if err := waitFor(ctx, whole, "the feed to get under way", all([]*twin{a, b}, heard(stopAt))); err != nil {
		return err
	}
	if err := b.stop(); err != nil {
		return err
	}
	gone, err := b.leaves(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s is stopped in the middle of it; %s goes on.\n", b.name, a.name)
	o.pbx.release()
	if err := waitFor(ctx, whole, "the feed to go on", all([]*twin{a}, func(w way, f node.FeedDocument) bool {
		return heard(startAt)(w, f) && (!w.keeps() || f.Records > gone.had[w.feed])
	})); err != nil {
		return err
	}
	if err := gone.back(ctx, o, a); err != nil {
		return err
	}
	o.pbx.release()
	fmt.Fprintf(o.Out, "%s is started again.\n", b.name)
	if keeping(o.ways) {
		return gone.over(ctx, o)
	}
	if err := waitFor(ctx, whole, b.name+" to hear the feed again", all([]*twin{b}, live)); err != nil {
		return err
	}
	if err := showGaps(ctx, o.Out, b); err != nil {
		return err
	}
	return gone.over(ctx, o)
}

func heard(part float64) func(way, node.FeedDocument) bool {
	return func(w way, f node.FeedDocument) bool { return float64(f.Records) >= part*float64(w.events) }
}

func live(_ way, f node.FeedDocument) bool    { return f.State == string(feed.Live) }
func gapless(_ way, f node.FeedDocument) bool { return f.GapsOpen == 0 }
func complete(w way, f node.FeedDocument) bool {
	return f.Records >= int64(w.events) && f.GapsOpen == 0
}

// An absence is a time in which a server did not run, by the records of each of
// its feeds.
type absence struct {
	of   *twin
	had  map[string]int64 // at its beginning
	said map[string]int64 // what the other had at its end
	gaps map[string]int   // at its beginning: who came late to a new server leaves one
}

// leaves begins the absence of a server that has just ended.
func (t *twin) leaves(ctx context.Context) (*absence, error) {
	g := &absence{of: t, gaps: make(map[string]int)}
	for _, w := range t.ways {
		gaps, err := t.data.History.Gaps(ctx, w.feed)
		if err != nil {
			return nil, err
		}
		g.gaps[w.feed] = len(gaps)
	}
	var err error
	g.had, err = t.records(ctx)
	return g, err
}

// back starts the server again.
func (g *absence) back(ctx context.Context, o Options, other *twin) (err error) {
	if g.said, err = other.records(ctx); err != nil {
		return err
	}
	return g.of.start(o)
}

// over waits until the server has what was said in its absence, and shows how
// that came: a gap that was filled, or no gap.
func (g *absence) over(ctx context.Context, o Options) error {
	if err := waitFor(ctx, o.Lasting+settleWithin, g.of.name+" to have what it did not hear", all([]*twin{g.of}, func(w way, f node.FeedDocument) bool {
		return live(w, f) && gapless(w, f) && (!w.keeps() || f.Records >= g.said[w.feed])
	})); err != nil {
		return err
	}
	if !keeping(o.ways) {
		return showGaps(ctx, o.Out, g.of)
	}
	for _, w := range o.ways {
		if err := g.came(ctx, o.Out, w); err != nil {
			return err
		}
	}
	return nil
}

// came reads back that the absence left no gap, and that nothing was recorded twice.
func (g *absence) came(ctx context.Context, out io.Writer, w way) error {
	gaps, err := g.of.data.History.Gaps(ctx, w.feed)
	if err != nil {
		return err
	}
	has, err := hold(ctx, g.of.data.History, w)
	if err != nil {
		return err
	}
	if more := len(gaps) - g.gaps[w.feed]; more > 0 || has.again > 0 {
		return fmt.Errorf("demo: %s has %d more gaps in %s, and %d records twice: %w", g.of.name, more, w.feed, has.again, errNotSo)
	}
	fmt.Fprintf(out, "  no gap of %s: %d lines that were said meanwhile waited %s and came later, recorded once\n",
		g.of.name, g.said[w.feed]-g.had[w.feed], w.waits)
	return nil
}

// showGaps prints what a server did not hear, and what became of it.
func showGaps(ctx context.Context, out io.Writer, t *twin) error {
	gaps, err := t.data.History.Gaps(ctx, t.ways[0].feed)
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
