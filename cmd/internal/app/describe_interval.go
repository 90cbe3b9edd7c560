package app

import (
	"context"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// describeInterval tells of the newest interval that a feed was heard past the end
// of whether it was heard in full, nil if there is none. A feed that is paused is
// one of which a person wants nothing.
func describeInterval(ctx context.Context, data *Data, feeds []collector.Status, held map[string]history.Summary) (*node.IntervalDocument, error) {
	var end record.Instant
	for _, f := range feeds {
		end = max(end, acd.Interval(held[f.Name].CoveredUntil))
	}
	if end == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	span := record.Span{From: end - acd.IntervalWidth, To: end}
	d := &node.IntervalDocument{Start: node.Moment(span.From), Complete: true}
	for _, f := range feeds {
		if f.State == feed.Held {
			continue
		}
		if _, known := held[f.Name]; !known {
			d.Complete = false
			continue
		}
		heard, err := data.History.Heard(ctx, f.Name, span)
		if err != nil {
			return nil, err
		}
		if len(record.Subtract([]record.Span{span}, heard)) > 0 {
			d.Complete = false
		}
	}
	return d, nil
}
