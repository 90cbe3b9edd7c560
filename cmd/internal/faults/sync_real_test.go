//go:build real

package faults

import (
	"testing"
	"time"
)

// TestRealSyncCuts64 cuts the link at 64 points of a push.
func TestRealSyncCuts64(t *testing.T) {
	t.Parallel()
	cutSyncs(t, 64)
}

// TestRealSyncKilled kills both ends of a push forty times.
func TestRealSyncKilled(t *testing.T) {
	t.Parallel()
	killSyncs(t, 40)
}

// TestRealSyncMany pushes a hundred thousand rows for the first time.
func TestRealSyncMany(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	w := newSyncing(t, 100_000)
	t.Logf("imported, pushed and read back after %s", time.Since(begun).Round(100*time.Millisecond))
	w.edit()
	w.done()
}
