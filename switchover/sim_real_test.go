//go:build real

package switchover

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// TestRealHistories goes through 300 seeds, a hundred on each pair, or as many
// as TWIN_HISTORIES says (10000 take some minutes).
func TestRealHistories(t *testing.T) {
	if memory := "/dev/shm"; isDir(memory) { // what is flushed there costs nothing, and no power fails here
		t.Setenv("TMPDIR", memory)
	}
	seeds := 300
	if said := os.Getenv("TWIN_HISTORIES"); said != "" {
		var err error
		if seeds, err = strconv.Atoi(said); err != nil {
			t.Fatal(err)
		}
	}
	for first := 0; first < seeds; first += 100 {
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
