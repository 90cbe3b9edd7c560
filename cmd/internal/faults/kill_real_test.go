//go:build real

package faults

import (
	"slices"
	"testing"
	"time"
)

// TestRealKill200 kills a server 200 times under load. It collects again
// within two seconds each time.
func TestRealKill200(t *testing.T) {
	times := killUnderLoad(t, 200)
	slices.Sort(times)
	t.Logf("collecting again after %s in the middle, %s at most", times[len(times)/2], times[len(times)-1])
	if most := times[len(times)-1]; most > 2*time.Second {
		t.Errorf("collecting again took %s", most)
	}
}
