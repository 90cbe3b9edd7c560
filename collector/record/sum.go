package record

import (
	"fmt"
	"math/bits"
)

// BucketWidth is the stretch of upstream time whose records are counted and
// summed together when twins compare.
const BucketWidth = 5 * Minute

// Bucket returns the start of the bucket that at lies in.
func Bucket(at Instant) Instant {
	b := at - at%BucketWidth
	if at < b {
		b -= BucketWidth
	}
	return b
}

// A Sum is the sum of digests modulo 2^128. It does not depend on the order in
// which they were added, so late and filled records just add. (XOR would not
// do: a record twice would cancel itself out.)
type Sum struct{ hi, lo uint64 }

// Add returns the sum of s and d.
func (s Sum) Add(d Digest) Sum { return s.Plus(SumFrom(d)) }

// Plus returns the sum of both.
func (s Sum) Plus(o Sum) Sum {
	lo, carry := bits.Add64(s.lo, o.lo, 0)
	hi, _ := bits.Add64(s.hi, o.hi, carry)
	return Sum{hi, lo}
}

// Bytes returns the sum as 16 bytes, the most significant first.
func (s Sum) Bytes() [16]byte {
	var b [16]byte
	for i := range 8 {
		b[i] = byte(s.hi >> (56 - 8*i))
		b[8+i] = byte(s.lo >> (56 - 8*i))
	}
	return b
}

// SumFrom reads what Bytes returned.
func SumFrom(b [16]byte) Sum {
	var s Sum
	for i := range 8 {
		s.hi = s.hi<<8 | uint64(b[i])
		s.lo = s.lo<<8 | uint64(b[8+i])
	}
	return s
}

// String returns 32 hex digits.
func (s Sum) String() string { return Digest(s.Bytes()).String() }

// MarshalText implements encoding.TextMarshaler: as String.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Sum) UnmarshalText(text []byte) error {
	d, err := ParseDigest(string(text))
	if err != nil {
		return fmt.Errorf("sum of digests: %w", err)
	}
	*s = SumFrom(d)
	return nil
}
