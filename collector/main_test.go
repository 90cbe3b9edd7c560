package collector_test

import (
	"testing"

	"github.com/twinctl/twin/fixtures/draws"
)

// TestMain has all that is drawn here be fewer: it opens files and sockets, and
// takes its time.
func TestMain(m *testing.M) {
	draws.Percent(25)
	m.Run()
}
