//go:build real

package faults

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/switchover"
)

// TestRealSwitchoverKilled kills each of the two when each step of a switch-over
// was begun, and when it was done, with the move run on either of them, and goes
// on with it or ends it.
func TestRealSwitchoverKilled(t *testing.T) {
	for lane := range 4 {
		giver, typed := lane&1 != 0, lane&2 != 0
		t.Run(fmt.Sprintf("giver-dies=%v/run-on-giver=%v", giver, typed), func(t *testing.T) {
			t.Parallel()
			var all []killing
			for i, s := range switchover.Steps() {
				for _, done := range []bool{false, true} {
					all = append(all, killing{step: s.Name, done: done, giver: giver, typedOnGiver: typed, abort: (i+lane)%2 == 0 != done})
				}
			}
			killSwitchovers(t, all)
		})
	}
}
