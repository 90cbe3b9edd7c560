package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
)

// A Hash tells what a row says: the first 16 bytes of the SHA-256 over kind,
// key and canonical body, each behind its length. The zero Hash is no row. As
// text it is 32 hexadecimal digits.
type Hash [16]byte

// A Root tells what all rows say: the SHA-256 over their hashes, in the order
// of kind and key by bytes. A row's hash covers its name, so that is enough.
type Root = audit.Hash

// String returns the hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads the hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err == nil {
		*h, err = hashFrom(b)
	}
	if err != nil {
		return fmt.Errorf("hash %q: want %d hexadecimal digits: %w", text, 2*len(h), err)
	}
	return nil
}

// hashFrom takes a hash as it stands in the database: NULL is the zero Hash.
func hashFrom(b []byte) (Hash, error) {
	if len(b) != len(Hash{}) && b != nil {
		return Hash{}, fmt.Errorf("a hash of %d bytes: want %d", len(b), len(Hash{}))
	}
	var h Hash
	copy(h[:], b)
	return h, nil
}

// hashOf hashes a row that is given by its canonical bytes; nil is no row.
func hashOf(kind, key string, canonical []byte) Hash {
	if canonical == nil {
		return Hash{}
	}
	b := make([]byte, 0, 24+len(kind)+len(key)+len(canonical))
	b = appendBytes(b, []byte(kind))
	b = appendBytes(b, []byte(key))
	b = appendBytes(b, canonical)
	sum := sha256.Sum256(b)
	return Hash(sum[:len(Hash{})])
}
