//go:build real

package faults

import "testing"

// TestRealBackupCuts64 cuts the link at 64 points of a backup's way.
func TestRealBackupCuts64(t *testing.T) {
	t.Parallel()
	cutBackups(t, 64)
}
