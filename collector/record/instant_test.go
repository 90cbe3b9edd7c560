package record_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
)

// years draws instants that RFC 3339 can write: from the year 0 to 9999.
func years() *rapid.Generator[record.Instant] {
	first := record.At(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	last := record.At(time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC))
	return rapid.Custom(func(t *rapid.T) record.Instant {
		return record.Instant(rapid.Int64Range(int64(first), int64(last)).Draw(t, "at"))
	})
}

func TestInstantSurvivesTimeAndText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := years().Draw(t, "at")
		if got := record.At(at.Time()); got != at {
			t.Fatalf("through time.Time %d, want %d", got, at)
		}
		text, err := at.MarshalText()
		if err != nil || string(text) != at.String() {
			t.Fatalf("MarshalText %q, %v; String %q", text, err, at.String())
		}
		var got record.Instant
		if err := got.UnmarshalText(text); err != nil || got != at {
			t.Fatalf("through %q %d, %v; want %d", text, got, err, at)
		}
	})
}

func TestInstantTextSortsAsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := years().Draw(t, "a"), years().Draw(t, "b")
		if (a < b) != (a.String() < b.String()) {
			t.Fatalf("%d is %s, %d is %s", a, a, b, b)
		}
	})
}

func TestInstantText(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-21T08:30:00Z":              "2026-11-21T08:30:00.000000Z",
		"2026-11-21T09:30:00.0000019+01:00": "2026-11-21T08:30:00.000001Z", // finer is cut off
		"1969-12-31T23:59:59.999999Z":       "1969-12-31T23:59:59.999999Z",
	} {
		var at record.Instant
		if err := at.UnmarshalText([]byte(text)); err != nil || at.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, at, err, want)
		}
	}
	for _, text := range []string{"", "now", "2026-11-21", "2026-11-21T25:00:00Z", "1795000000"} {
		at := record.Instant(5)
		if err := at.UnmarshalText([]byte(text)); err == nil || at != 5 {
			t.Errorf("%q: %v, %v; want an error and nothing changed", text, at, err)
		}
	}
}

func TestInstantArithmetic(t *testing.T) {
	at := record.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	later := at.Add(1500 * time.Millisecond)
	if later != at+record.Second+record.Second/2 || later.Sub(at) != 1500*time.Millisecond {
		t.Errorf("%s and %s are %s apart", at, later, later.Sub(at))
	}
}

func TestBucket(t *testing.T) {
	w := record.BucketWidth
	for at, want := range map[record.Instant]record.Instant{
		0: 0, 1: 0, w - 1: 0, w: w, 3*w + 7: 3 * w, -1: -w, -w: -w, -w - 1: -2 * w,
	} {
		if got := record.Bucket(at); got != want {
			t.Errorf("Bucket(%d) = %d, want %d", at, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := record.Instant(rapid.Int64Range(math.MinInt64+int64(w), math.MaxInt64).Draw(t, "at"))
		b := record.Bucket(at)
		if b%w != 0 || at < b || at-b >= w {
			t.Fatalf("Bucket(%d) = %d", at, b)
		}
	})
}

// What an upstream says may lie further away than a Duration can tell: then it
// is the longest there is, never a small one.
func TestInstantSubSaturates(t *testing.T) {
	for _, c := range []struct {
		a, b record.Instant
		want time.Duration
	}{
		{5 * record.Second, 3 * record.Second, 2 * time.Second},
		{3 * record.Second, 5 * record.Second, -2 * time.Second},
		{12_000_000_000 * record.Second, 1_795_000_000 * record.Second, math.MaxInt64},
		{1_795_000_000 * record.Second, 12_000_000_000 * record.Second, math.MinInt64},
		{math.MaxInt64, math.MinInt64, math.MaxInt64},
		{math.MinInt64, math.MaxInt64, math.MinInt64},
		{math.MaxInt64 / 1000, 0, math.MaxInt64 / 1000 * time.Microsecond},
		{math.MaxInt64/1000 + 1, 0, math.MaxInt64},
	} {
		if got := c.a.Sub(c.b); got != c.want {
			t.Errorf("%d - %d is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
