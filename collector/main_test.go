package collector_test

import (
	"flag"
	"testing"
)

// TestMain has rapid draw fewer than its 100 unless it is told how many: all
// that is drawn here opens files and sockets, and takes its time. What is told
// is read later, and so wins.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	m.Run()
}
