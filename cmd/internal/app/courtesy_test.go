package app

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector"
)

// A fill waits only as long as anything is collected, and in measure.
func TestCourtesy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c courtesy
		check := func(s share, took, want time.Duration, rows int) {
			t.Helper()
			begun := time.Now()
			if got := c.room(s)(t.Context(), took); got != rows || time.Since(begun) != want {
				t.Errorf("%d rows after %s, want %d after %s", got, time.Since(begun), rows, want)
			}
		}
		check(byTheWay, time.Millisecond, 0, 0)
		c.collected(collector.Commit{}) // marks alone
		check(byTheWay, time.Millisecond, 0, 0)
		c.collected(collector.Commit{Records: 1})
		check(byTheWay, 2*time.Millisecond, 22*time.Millisecond, gentleRows)
		check(byTheWay, 0, apart, gentleRows)
		check(rebuild, 2*time.Millisecond, 2*time.Millisecond, gentleRows)
		check(byTheWay, time.Minute, longest, gentleRows)
		<-time.After(busyFor)
		check(byTheWay, time.Millisecond, 0, 0)
	})
}
