package fill

import (
	"fmt"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// forever is later than any record.
const forever record.Instant = 1<<63 - 1

// look returns what a fill looks at: what both sides have closed, within the
// limits, and the gaps here, wherever they end. What either side
// has dropped is left alone.
func look(here, there history.Extent, gaps []record.Span, limits record.Span) []record.Span {
	kept := record.Span{From: max(here.RetainedFrom, there.RetainedFrom), To: forever}
	both := record.Span{From: max(begin(here, there), limits.From), To: limits.To}
	return record.Union(append(record.Intersect(gaps, []record.Span{kept}), both))
}

// begin returns from when on both sides retain the feed; if neither has ever
// dropped anything, the bucket of the first record of either.
func begin(here, there history.Extent) record.Instant {
	if from := max(here.RetainedFrom, there.RetainedFrom); from > 0 {
		return from
	}
	first := here.First
	if first == 0 || there.First != 0 && there.First < first {
		first = there.First
	}
	return record.Bucket(first)
}

// asked returns what may be judged after the copying: the gaps of which the twin
// was asked what it heard, also where it had dropped before. A gap that ended
// later lies in what was looked at, and waits for the next fill: of it the twin
// said nothing. What it withheld, or dropped meanwhile, is not judged either.
func asked(gaps, withheld []record.Span, dropped record.Span) []record.Span {
	return record.Subtract(gaps, append([]record.Span{dropped}, withheld...))
}

// checkSpans believes only spans in order within what was asked for.
func checkSpans(spans []record.Span, within record.Span) error {
	least := within.From
	for _, s := range spans {
		if s.From < least || s.Empty() || s.To > within.To {
			return fmt.Errorf("%w: heard from %s to %s, asked for %s to %s", ErrUntrusted, s.From, s.To, within.From, within.To)
		}
		least = s.To
	}
	return nil
}
