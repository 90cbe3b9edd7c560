//go:build real

package faults

import "testing"

// TestRealTwinCuts64 cuts the link at 64 points of a fill.
func TestRealTwinCuts64(t *testing.T) {
	t.Parallel()
	cutTwins(t, 16, 4)
}
