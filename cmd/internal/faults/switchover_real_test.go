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
	t.Parallel()
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

// TestRealSwitchoverCut takes the other server out of the reach of the one that
// goes through a switch-over, in each step and each way: thrown off, with nothing
// moving, and with the questions going there and no answer coming back.
func TestRealSwitchoverCut(t *testing.T) {
	t.Parallel()
	for lane, road := range []traffic{cut, mute, there} {
		for _, typed := range []bool{false, true} {
			t.Run(fmt.Sprintf("road=%d/run-on-giver=%v", road, typed), func(t *testing.T) {
				t.Parallel()
				var all []killing
				for i, s := range switchover.Steps() {
					done := (i+lane)%2 == 0
					all = append(all, killing{step: s.Name, done: done, typedOnGiver: typed, road: road, abort: (i/2)%2 == 0 != done})
				}
				killSwitchovers(t, all)
			})
		}
	}
}
