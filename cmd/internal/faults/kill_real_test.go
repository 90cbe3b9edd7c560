//go:build real

package faults

import (
	"slices"
	"testing"
)

// TestRealKill200 kills a server 200 times under load, and tells how soon it
// collects again.
func TestRealKill200(t *testing.T) {
	times := killUnderLoad(t, 200)
	slices.Sort(times)
	t.Logf("collecting again after %s in the middle, %s at most", times[len(times)/2], times[len(times)-1])
}
