//go:build real

package faults

import (
	"testing"
	"time"
)

// TestRealBackupAt20000 kills forty backups while a feed says 20,000 lines a second.
func TestRealBackupAt20000(t *testing.T) { backUpUnderLoad(t, 20_000/int(time.Second/burstEvery), 40) }
