//go:build real

package push

import (
	"flag"
	"testing"

	"pgregory.net/rapid"
)

// histories is how many of them are drawn, of each kind.
const histories = "500"

// TestRealManySyncs is TestNothingIsLostOverManySyncs over more histories than
// a test that runs all the time can afford.
func TestRealManySyncs(t *testing.T) {
	most := flag.Lookup("rapid.checks")
	was := most.Value.String()
	if err := most.Value.Set(histories); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := most.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
	rapid.Check(t, nothingIsLost)
}
