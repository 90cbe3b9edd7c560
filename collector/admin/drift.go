package admin

import "crypto/sha256"

// DriftOf returns what a Position says of pending rows: the SHA-256 over name,
// base and hash of each, in the order of their names. Two servers that speak of
// the same edits have the same.
func DriftOf(pending []Pending) Root {
	var b []byte
	for _, p := range pending {
		b = appendBytes(b, []byte(p.Kind))
		b = appendBytes(b, []byte(p.Key))
		b = append(b, p.Base[:]...)
		b = append(b, p.Hash[:]...)
	}
	return sha256.Sum256(b)
}
