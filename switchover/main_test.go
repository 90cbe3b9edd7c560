package switchover

import (
	"flag"
	"testing"
)

// TestMain has rapid draw few cuts unless it is told how many: TestRealEveryCut
// makes them all. What is told is read later, and so wins.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "6"); err != nil {
		panic(err)
	}
	m.Run()
}
