package node_test

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// TestReadinessSince holds that what was found before a move has ended is not known
// since, unless another clock says that it ends later than now.
func TestReadinessSince(t *testing.T) {
	now := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	at := node.Moment(record.At(now.Add(-10 * time.Second)))
	is := node.Readiness{Because: []string{"runbook: a switchover is under way"}, At: &at}
	for name, c := range map[string]struct {
		ended   record.Instant
		unknown bool
	}{
		"nothing was moved": {0, false},
		"it was before":     {record.At(now.Add(-11 * time.Second)), false},
		"it was after":      {record.At(now.Add(-9 * time.Second)), true},
		"it is to come":     {record.At(now.Add(time.Second)), false},
	} {
		if got := is.Since(c.ended, now).Unknown(); got != c.unknown {
			t.Errorf("%s: unknown: %v, want %v", name, got, c.unknown)
		}
	}
	if is.Unknown() || (node.Readiness{Because: []string{"twind hangs"}}).Unknown() {
		t.Error("what has a reason is not known")
	}
}
