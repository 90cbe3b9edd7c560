package admin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"hash"
)

// DriftOf returns what a Position says of pending rows: the SHA-256 over name,
// base and hash of each, in the order of their names. Two servers that speak of
// the same edits have the same.
func DriftOf(pending []Pending) Root {
	d := drift{sha256.New()}
	for _, p := range pending {
		d.add([]byte(p.Kind), []byte(p.Key), p.Base[:], p.Hash[:])
	}
	return Root(d.sum.Sum(nil))
}

// drift counts what is pending and returns DriftOf it, without holding it all.
func (r *Reading) drift(ctx context.Context) (n int64, root Root, err error) {
	rows, err := r.tx.QueryContext(context.WithoutCancel(ctx), `
		SELECT kind, key, coalesce(base, zeroblob(16)), coalesce(hash, zeroblob(16))
		FROM row INDEXED BY row_pending WHERE hash IS NOT base ORDER BY kind, key`)
	if err != nil {
		return 0, Root{}, fmt.Errorf("read what is pending: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	d := drift{sha256.New()}
	for ; rows.Next(); n++ {
		var kind, key, base, hash sql.RawBytes
		if err := rows.Scan(&kind, &key, &base, &hash); err != nil {
			return 0, Root{}, fmt.Errorf("read what is pending: %w", err)
		}
		d.add(kind, key, base, hash)
	}
	return n, Root(d.sum.Sum(nil)), rows.Err()
}

type drift struct{ sum hash.Hash }

func (d drift) add(kind, key, base, hash []byte) {
	var length [8]byte
	for _, name := range [][]byte{kind, key} {
		binary.BigEndian.PutUint64(length[:], uint64(len(name)))
		d.sum.Write(length[:])
		d.sum.Write(name)
	}
	d.sum.Write(base)
	d.sum.Write(hash)
}
