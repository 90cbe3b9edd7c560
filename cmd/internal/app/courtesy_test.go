package app

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/archive"
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

// Counting keeps its share beside an import, whether anything is collected or
// not, and takes what it can get once that has ended.
func TestCourtesyBehindAnImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c courtesy
		behind := c.behind()
		check := func(took, want time.Duration) {
			t.Helper()
			begun := time.Now()
			if behind(t.Context(), took); time.Since(begun) != want {
				t.Errorf("waited %s after %s, want %s", time.Since(begun), took, want)
			}
		}
		check(time.Second, 0)
		done := c.importing()
		check(time.Second, 11*time.Second)
		check(2*time.Millisecond, 22*time.Millisecond)
		go func() {
			<-time.After(3*time.Second - 1) // which shows a tenth of a second later at the most
			done()
		}()
		check(time.Hour, 3*time.Second)
		check(time.Hour, 0)
		c.collected(collector.Commit{Records: 1})
		check(time.Hour, longest)
	})
}

// An import's transactions are as long as collecting can bear, while there is any.
func TestCourtesySteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c courtesy
		step := c.steps()
		check := func(took time.Duration, rows int) {
			t.Helper()
			if got := step(t.Context(), took); got != rows {
				t.Errorf("%d rows after %s, want %d", got, took, rows)
			}
		}
		check(time.Hour, archive.Rows)
		c.collected(collector.Commit{Records: 1})
		check(0, leastStep)
		check(time.Millisecond, 2*leastStep)
		check(stepTook, 2*leastStep)
		check(stepTook+1, leastStep)
		check(time.Minute, leastStep)
		for range 9 {
			step(t.Context(), 1)
		}
		check(1, mostStep)
		<-time.After(busyFor + 1)
		check(time.Millisecond, archive.Rows)
	})
}
