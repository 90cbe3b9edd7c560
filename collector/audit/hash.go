package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// A Hash is a SHA-256; as text 64 hexadecimal digits.
type Hash [sha256.Size]byte

// String returns the hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads the hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err == nil {
		*h, err = HashFrom(b)
	}
	if err != nil {
		return fmt.Errorf("hash %q: want %d hexadecimal digits: %w", text, 2*len(h), err)
	}
	return nil
}

// HashFrom takes the bytes of a hash as they stand in a database.
func HashFrom(b []byte) (Hash, error) {
	if len(b) != sha256.Size {
		return Hash{}, fmt.Errorf("a hash of %d bytes: want %d", len(b), sha256.Size)
	}
	return Hash(b), nil
}

// hash covers the act and the hash of the one before. Each text goes in after
// its length, so that no two acts are written alike.
func (a Audited) hash() Hash {
	b := append([]byte(nil), a.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(a.ID))
	b = binary.BigEndian.AppendUint64(b, uint64(a.At))
	for _, text := range []string{a.Actor, a.Verb, a.Target, string(a.Detail)} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	return sha256.Sum256(b)
}
