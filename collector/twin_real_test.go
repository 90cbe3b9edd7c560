//go:build real

package collector_test

import (
	"testing"

	"github.com/twinctl/twin/fixtures/draws"
)

// TestRealTwins draws eight times what tests that run all the time can afford.
func TestRealTwins(t *testing.T) {
	defer draws.Percent(800)()
	t.Run("lines", twinsOfLines)
	t.Run("tail", twinsOfTail)
	t.Run("ami", twinsOfAMI)
}
