package fill

import (
	"context"
	"maps"
	"math"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// smallSlot is how many keys are listed rather than split further.
const smallSlot = 512

// CompareOptions say what to compare. The zero value compares all feeds, up to
// the last moment that both have closed.
type CompareOptions struct {
	Feeds []string // nil: all that either side knows; one that is known to neither is an error
	// Closed leaves out the five minutes that are not over yet: what can be
	// compared by the buckets alone, in some hundred bytes.
	Closed bool
	// Since leaves out what lies before its bucket; zero: nothing.
	Since record.Instant
}

// A Comparison tells how far two histories are the same.
type Comparison struct {
	Equal bool             `json:"equal"`
	Feeds []FeedComparison `json:"feeds"`
}

// A FeedComparison tells how far two histories of one feed are the same. Only
// what both have closed and still retain is counted: From is in it, To is not.
// When To is not behind From there was nothing to compare.
type FeedComparison struct {
	Feed      string         `json:"feed"`
	From      record.Instant `json:"from"`
	To        record.Instant `json:"to"`
	Here      int64          `json:"here"` // records
	There     int64          `json:"there"`
	OnlyHere  int64          `json:"only_here"`
	OnlyThere int64          `json:"only_there"`
	Equal     bool           `json:"equal"`             // as far as was compared
	Until     record.Instant `json:"until"`             // up to when both have heard
	Unknown   string         `json:"unknown,omitempty"` // "here" or "there": the feed was never configured on that side
	// Records without time of their own, over all time: each server stored them
	// when they arrived there, so that nobody knows which of them are the same.
	// They are not compared, nor counted above.
	UntimedHere  int64 `json:"untimed_here"`
	UntimedThere int64 `json:"untimed_there"`
}

// Compare finds how many records each side has that the other has not. It
// changes nothing.
func Compare(ctx context.Context, here, there Side, opt CompareOptions) (Comparison, error) {
	all := Comparison{Equal: true, Feeds: []FeedComparison{}}
	mine, err := here.Extents(ctx)
	if err != nil {
		return all, err
	}
	theirs, err := there.Extents(ctx)
	if err != nil {
		return all, err
	}
	known := maps.Clone(theirs)
	maps.Copy(known, mine)
	names, err := choose(opt.Feeds, known)
	if err != nil {
		return all, err
	}
	for _, name := range names {
		c := comparer{here: here, there: there, found: FeedComparison{Feed: name}}
		if err := c.run(ctx, mine, theirs, opt); err != nil {
			return all, err
		}
		all.Feeds = append(all.Feeds, c.found)
		all.Equal = all.Equal && c.found.Equal
	}
	return all, nil
}

// A comparer compares one feed.
type comparer struct {
	here, there Side
	found       FeedComparison
}

func (c *comparer) run(ctx context.Context, mine, theirs map[string]history.Extent, opt CompareOptions) error {
	f := &c.found
	here, known := mine[f.Feed]
	there, knownThere := theirs[f.Feed]
	f.UntimedHere, f.UntimedThere = here.Untimed, there.Untimed
	switch {
	case !known:
		f.Unknown, f.There, f.OnlyThere = "here", there.Records-there.Untimed, there.Records-there.Untimed
	case !knownThere:
		f.Unknown, f.Here, f.OnlyHere = "there", here.Records-here.Untimed, here.Records-here.Untimed
	default:
		if err := c.compare(ctx, here, there, opt); err != nil {
			return err
		}
	}
	f.Equal = f.OnlyHere == 0 && f.OnlyThere == 0
	return nil
}

func (c *comparer) compare(ctx context.Context, here, there history.Extent, opt CompareOptions) error {
	f := &c.found
	f.Until = min(here.CoveredUntil, there.CoveredUntil)
	f.From = max(begin(here, there), record.Bucket(opt.Since))
	f.To = max(f.From, closed(f.Until, opt.Closed))
	w := walk{here: c.here, there: c.there, feed: f.Feed, small: smallSlot, large: math.MaxInt64, leaf: c.leaf}
	all, err := w.span(ctx, record.Span{From: f.From, To: f.To})
	f.Here, f.There = all.here.Count, all.there.Count
	return err
}

// leaf counts what differs in a stretch. Where a side has nothing, no key needs
// to be looked at.
func (c *comparer) leaf(ctx context.Context, s stretch) error {
	switch {
	case s.here.Count == 0:
		c.found.OnlyThere += s.there.Count
	case s.there.Count == 0:
		c.found.OnlyHere += s.here.Count
	default:
		return c.keys(ctx, s.Span)
	}
	return nil
}

// keys walks the keys of both sides beside each other.
func (c *comparer) keys(ctx context.Context, s record.Span) error {
	here := keys{side: c.here, feed: c.found.Feed, rest: s}
	there := keys{side: c.there, feed: c.found.Feed, rest: s}
	for {
		a, err := here.peek(ctx)
		if err != nil {
			return err
		}
		b, err := there.peek(ctx)
		if err != nil {
			return err
		}
		switch {
		case a == nil && b == nil:
			return nil
		case b == nil || a != nil && a.Compare(*b) < 0:
			c.found.OnlyHere++
			here.skip()
		case a == nil || b.Compare(*a) < 0:
			c.found.OnlyThere++
			there.skip()
		default:
			here.skip()
			there.skip()
		}
	}
}
