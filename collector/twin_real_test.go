//go:build real

package collector_test

import (
	"flag"
	"testing"
)

// TestRealTwins draws more than tests that run all the time can afford.
func TestRealTwins(t *testing.T) {
	most := flag.Lookup("rapid.checks").Value
	was := most.String()
	if err := most.Set("200"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := most.Set(was); err != nil {
			t.Error(err)
		}
	}()
	t.Run("lines", twinsOfLines)
	t.Run("tail", twinsOfTail)
	t.Run("ami", twinsOfAMI)
}
