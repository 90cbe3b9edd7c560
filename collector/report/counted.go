package report

import (
	"context"
	"iter"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// counts is what a history tells of what was counted.
type counts interface {
	QueueIntervals(context.Context, intervals) iter.Seq2[acd.QueueRow, error]
	AgentIntervals(context.Context, intervals) iter.Seq2[acd.AgentRow, error]
	CountedState(ctx context.Context, feed string) (counted, error)
}

// intervals are those of a feed that begin within a span.
type intervals struct {
	Feed string
	Span record.Span
}

// counted is how far a feed was counted.
type counted struct {
	Through record.Instant   // everything before is
	Marked  []record.Instant // intervals that are counted anew
	Format  string
}
