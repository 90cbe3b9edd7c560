//go:build real

package switchover

import (
	"fmt"
	"os"
	"testing"
)

// TestRealHistories goes through 10,000 seeds, a hundred on each pair.
func TestRealHistories(t *testing.T) {
	if memory := "/dev/shm"; isDir(memory) { // what is flushed there costs nothing, and no power fails here
		t.Setenv("TMPDIR", memory)
	}
	for first := 0; first < 10_000; first += 100 {
		t.Run(fmt.Sprint(first), func(t *testing.T) { histories(t, first, 100) })
		if t.Failed() {
			return
		}
	}
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
