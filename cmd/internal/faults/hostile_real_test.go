//go:build real

package faults

import "testing"

// TestRealEndlessLine says two GiB without a line end.
func TestRealEndlessLine(t *testing.T) {
	attack{run: endless(2 << 30), records: 1, rejected: 1}.launch(t)
}
