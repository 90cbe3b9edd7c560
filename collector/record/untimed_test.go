package record_test

import (
	"math"
	"testing"

	"github.com/twinctl/twin/collector/record"
)

func TestTimed(t *testing.T) {
	for n, want := range map[uint32]bool{0: true, 1: true, record.Untimed - 1: true, record.Untimed: false, math.MaxUint32: false} {
		if got := (record.Key{N: n}).Timed(); got != want {
			t.Errorf("ordinal %d: timed %v, want %v", n, got, want)
		}
	}
}
