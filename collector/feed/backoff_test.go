package feed

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoffDoublesUpToHalfAMinute(t *testing.T) {
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := backoff(i+1, 0); got != want*time.Second {
			t.Errorf("round %d: waits %s, want %s", i+1, got, want*time.Second)
		}
	}
}

func TestWaitsStayWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1<<40).Draw(t, "round")
		r := rapid.Float64Range(0, 0.999).Draw(t, "jitter")
		if w := backoff(n, r); w < 750*time.Millisecond || w > 30*time.Second {
			t.Errorf("back-off is %s", w)
		}
		if w := refusal(r); w < time.Minute || w > 75*time.Second {
			t.Errorf("after a refusal: %s", w)
		}
	})
}
