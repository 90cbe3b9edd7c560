package record

import (
	"fmt"
	"math"
	"time"
)

// An Instant is a point in time in microseconds since 1970, UTC: the precision
// that upstreams have and that the databases keep. Zero means unknown.
type Instant int64

// Spans in microseconds, for arithmetic on instants.
const (
	Second Instant = 1_000_000
	Minute         = 60 * Second
	Hour           = 60 * Minute
	Day            = 24 * Hour // in UTC, where all are as long
)

const instantLayout = "2006-01-02T15:04:05.000000Z"

// At returns t as an instant; what is finer than a microsecond is cut off.
func At(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Microseconds()) }

// Sub returns the time from o to i, or the longest that a Duration can hold
// (292 years) where they lie further apart: an upstream can say any time.
func (i Instant) Sub(o Instant) time.Duration {
	const longest = math.MaxInt64 / uint64(time.Microsecond)
	if i >= o {
		if d := uint64(i) - uint64(o); d <= longest {
			return time.Duration(d) * time.Microsecond
		}
		return math.MaxInt64
	}
	if d := uint64(o) - uint64(i); d <= longest {
		return -time.Duration(d) * time.Microsecond
	}
	return math.MinInt64
}

// String returns RFC 3339 in UTC with six decimals.
func (i Instant) String() string { return i.Time().Format(instantLayout) }

// AppendText appends what String returns.
func (i Instant) AppendText(b []byte) ([]byte, error) {
	return i.Time().AppendFormat(b, instantLayout), nil
}

// MarshalText implements encoding.TextMarshaler.
func (i Instant) MarshalText() ([]byte, error) { return i.AppendText(nil) }

// UnmarshalText reads any RFC 3339 time.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("time %q: want RFC 3339, as 2026-11-21T08:30:00Z: %w", text, err)
	}
	*i = At(t)
	return nil
}
