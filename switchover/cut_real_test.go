//go:build real

package switchover

import (
	"fmt"
	"testing"
)

// TestRealEveryCut breaks off after each call of a move, in each way, and goes on
// or aborts on either server.
func TestRealEveryCut(t *testing.T) {
	for at := range atCalls {
		for way := range 8 {
			c := cut{at: at + 1, done: way&1 != 0, forgot: way&2 != 0}
			t.Run(fmt.Sprintf("call %d, done %v, dead %v, aborted %v", c.at, c.done, c.forgot, way&4 != 0), func(t *testing.T) {
				breakOff(t, &c, at%2 == 0, at%4 < 2, way&4 != 0)
			})
			if c.calls < c.at {
				return // it was over before
			}
		}
	}
}
