// Package record is the ground of the house: one thing that an upstream said,
// kept byte for byte, and the key that makes two records the same one on
// whichever twin. It is pure: no clock, no input or output.
package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Record is one thing that the upstream said. The feed that it belongs to is
// known to whoever holds it; feed and Key together are its identity.
type Record struct {
	Key
	Raw []byte // as stored: the kind has taken framing and line ends off
}

// A Key tells two records of one feed apart. Equal keys mean that both are the
// same record, on either twin and by whichever way it came.
type Key struct {
	At     Instant // the upstream's own time
	Digest Digest  // of the stored raw bytes
	N      uint32  // ordinal among identical ones with this At in one delivery; see Ordinals
}

// New makes the record of raw that the upstream said at that time. It keeps
// raw, not a copy.
func New(at Instant, n uint32, raw []byte) Record {
	return Record{Key: Key{At: at, Digest: DigestOf(raw), N: n}, Raw: raw}
}

// Compare orders keys by time, digest and ordinal: the order in which twins
// export and fold. It returns -1, 0 or 1.
func (k Key) Compare(o Key) int {
	switch {
	case k.At != o.At:
		return sign(k.At < o.At)
	case k.Digest != o.Digest:
		return sign(string(k.Digest[:]) < string(o.Digest[:]))
	case k.N != o.N:
		return sign(k.N < o.N)
	}
	return 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// A Digest is the first 16 bytes of SHA-256.
type Digest [16]byte

// DigestOf returns the digest of raw.
func DigestOf(raw []byte) Digest {
	sum := sha256.Sum256(raw)
	return Digest(sum[:16])
}

// String returns 32 hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String wrote.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != hex.EncodedLen(len(d)) {
		return d, fmt.Errorf("digest %q: want %d hex digits", s, hex.EncodedLen(len(d)))
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return d, fmt.Errorf("digest %q: %w", s, err)
	}
	return d, nil
}
