package report

import (
	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

// floor returns the beginning of the interval that at lies in.
func floor(at record.Instant) record.Instant { return acd.Interval(at) }

// ceil returns the first beginning of an interval that is not before at.
func ceil(at record.Instant) record.Instant { return -acd.Interval(-at) }
