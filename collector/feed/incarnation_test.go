package feed

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// Two that hear one upstream know its start-up time to two seconds.
func TestOneUpstreamIsKnownUnderTheNamesOfBoth(t *testing.T) {
	start := record.At(time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC))
	for at := range 20 {
		ours := start.Add(time.Duration(at) * time.Second)
		for off := -2; off <= 2; off++ {
			theirs := ours.Add(time.Duration(off) * time.Second)
			if a, b := StartName(ours), StartName(theirs); !SameIncarnation(a, b) || !SameIncarnation(b, a) {
				t.Errorf("%s and %s are of start-up times %d s apart, and not the same", a, b, off)
			}
		}
		if a, b := StartName(ours), StartName(ours.Add(20*time.Second)); SameIncarnation(a, b) {
			t.Errorf("%s and %s are of start-up times 20 s apart, and the same", a, b)
		}
	}
}

func TestOtherNamesAreTheSameOnlyIfEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"one", "one", true},
		{"one", "two", false},
		{"2026-11-21T08:30:00Z", "two", false},
		{"one", "2026-11-21T08:30:00Z", false},
	} {
		if got := SameIncarnation(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
