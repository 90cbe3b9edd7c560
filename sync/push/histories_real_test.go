//go:build real

package push

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures/draws"
)

// TestRealManySyncs is TestNothingIsLostOverManySyncs over more histories than
// a test that runs all the time can afford.
func TestRealManySyncs(t *testing.T) {
	defer draws.Percent(500)()
	rapid.Check(t, nothingIsLost)
}
