package faults

import (
	"testing"
	"time"
)

// TestTwinCuts is the quick form of TestRealTwinCuts64.
func TestTwinCuts(t *testing.T) {
	t.Parallel()
	cutTwins(t, 2, 2)
}

// cutTwins cuts the links of many pairs, in each round at another point of a
// fill, spread over all its bytes. Each time both servers collect on, and at
// the end each has everything once.
func cutTwins(t *testing.T, many, rounds int) {
	t.Helper()
	calls := newHall(t)
	pairs := make([]*twins, many+1) // the last is not cut, and tells how much there is to cut
	for i := range pairs {
		pairs[i] = newTwins(t, calls.section("calls"))
		pairs[i].b.start()
		pairs[i].a.start()
	}
	for _, w := range pairs {
		w.well()
	}
	calls.rate.Store(100)
	calls.missed(t, 200)
	for _, w := range pairs {
		w.b.stop()
		w.toA.become(cut)
	}
	for range 100 {
		calls.say(spoken / 100)
	}
	calls.missed(t, 100)
	for _, w := range pairs {
		w.b.start()
	}
	for _, w := range pairs {
		eventually(t, "hearing again", func() bool { return w.b.committed("calls") > 0 })
	}

	whole := pairs[many]
	whole.toA.become(free)
	var bytes int64
	eventually(t, "filled without a cut", func() bool {
		_, bytes = whole.toA.now()
		return !whole.b.open("calls")
	})
	t.Logf("a fill takes about %d bytes", bytes)
	filled := 0
	for round := range rounds {
		for i, w := range pairs[:many] {
			point := int64(round*many + i + 1)
			w.toA.cutAfter(bytes * point / int64(many*rounds+1))
		}
		for _, w := range pairs[:many] {
			eventually(t, "the link is cut", func() bool {
				is, _ := w.toA.now()
				return is == cut
			})
			if !w.b.open("calls") {
				filled++
			}
		}
	}
	t.Logf("cut %d times, %d of them when all had come", many*rounds, filled)
	for _, w := range pairs {
		w.toA.become(free)
	}
	begun := time.Now()
	for _, w := range pairs {
		eventually(t, "filled in the end", func() bool { return !w.b.open("calls") })
	}
	t.Logf("all are filled after %s", time.Since(begun).Round(100*time.Millisecond))
	for _, w := range pairs {
		w.nothingLeft()
		w.equal()
		for _, s := range []*server{w.a, w.b} {
			s.undisturbed("calls")
		}
		if gaps := w.b.gaps("calls"); len(gaps) != 1 {
			t.Errorf("%s has gaps that were not: %+v", w.b.name, gaps)
		}
	}
	calls.rate.Store(0)
	for _, w := range pairs {
		w.hasAll("calls", calls.lines())
	}
}
