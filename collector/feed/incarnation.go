package feed

import (
	"time"

	"github.com/twinctl/twin/collector/record"
)

// startGrid is what the start-up time of an upstream is rounded to in its name.
const startGrid = 10 * time.Second

// StartName names an incarnation of an upstream by when it was started, where two
// that hear it know that time to a few seconds. They mostly find the same name;
// [SameIncarnation] also knows the others.
func StartName(since record.Instant) string {
	return since.Time().Round(startGrid).Format(time.RFC3339)
}

// SameIncarnation tells whether two names, as two that hear an upstream gave them,
// are of one incarnation: they are equal, or those of start-up times that were
// rounded to neighbours.
func SameIncarnation(a, b string) bool {
	if a == b {
		return true
	}
	began, err := time.Parse(time.RFC3339, a)
	if err != nil {
		return false
	}
	other, err := time.Parse(time.RFC3339, b)
	return err == nil && other.Sub(began).Abs() <= startGrid
}
