package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Digest is a SHA-256, the name of a bundle or of a piece of one. As text it
// is 64 hexadecimal digits.
type Digest [sha256.Size]byte

// DigestOf returns the digest of these bytes.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// String returns the digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short returns the first eight digits, for people.
func (d Digest) Short() string { return hex.EncodeToString(d[:4]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads what MarshalText wrote, and nothing else: a name is a path
// too, and there must be one for each bundle.
func (d *Digest) UnmarshalText(text []byte) error {
	var b Digest
	if len(text) != hex.EncodedLen(len(b)) {
		return fmt.Errorf("a hash of %d characters: want %d hexadecimal digits", len(text), hex.EncodedLen(len(b)))
	}
	if _, err := hex.Decode(b[:], text); err != nil {
		return fmt.Errorf("hash %q: want lower-case hexadecimal digits", text)
	}
	if b.String() != string(text) {
		return fmt.Errorf("hash %q: want lower-case hexadecimal digits", text)
	}
	*d = b
	return nil
}
