package admin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Target returns the root that the base has after ops, counted from the base
// of a generation; 0 is the empty one. It is what the other side must come to.
func (r *Reading) Target(ctx context.Context, since int64, ops []Op) (Root, error) {
	s, err := readState(ctx, r.tx)
	if err != nil {
		return Root{}, err
	}
	over := map[Name]Hash{}
	switch since {
	case s.baseGeneration:
	case 0:
	default:
		if _, ok, err := r.BaseAt(ctx, since); err != nil || !ok {
			return Root{}, errors.Join(err, fmt.Errorf("%w: the base of %d is not kept", ErrNoGeneration, since))
		}
		if err := r.unfold(ctx, since, over); err != nil {
			return Root{}, err
		}
	}
	for _, op := range ops {
		over[Name{op.Kind, op.Key}] = op.Hash()
	}
	merge := newMerge(over)
	if since != 0 {
		if err := r.eachBase(ctx, merge.row); err != nil {
			return Root{}, err
		}
	}
	return merge.root(), nil
}

// unfold puts into over what the base of a generation was where it was another
// than it is.
func (r *Reading) unfold(ctx context.Context, since int64, over map[Name]Hash) error {
	rows, err := r.tx.QueryContext(ctx, `
		SELECT kind, key, before, min(generation) FROM agreed WHERE generation > ? GROUP BY kind, key`, since)
	if err != nil {
		return fmt.Errorf("read agreements: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var n Name
		var before []byte
		var generation int64
		err := rows.Scan(&n.Kind, &n.Key, &before, &generation)
		if err == nil {
			over[n], err = hashFrom(before)
		}
		if err != nil {
			return fmt.Errorf("read agreements: %w", err)
		}
	}
	return rows.Err()
}

func (r *Reading) eachBase(ctx context.Context, row func(kind, key, base []byte)) error {
	rows, err := r.tx.QueryContext(context.WithoutCancel(ctx), `SELECT kind, key, base FROM row WHERE base IS NOT NULL ORDER BY kind, key`)
	if err != nil {
		return fmt.Errorf("read base: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var kind, key, base sql.RawBytes
		if err := rows.Scan(&kind, &key, &base); err != nil {
			return fmt.Errorf("read base: %w", err)
		}
		row(kind, key, base)
	}
	return rows.Err()
}

// A merge folds rows that come in order, with others in the place of some.
type merge struct {
	over  map[Name]Hash
	names []Name // of over, in order
	next  int
	bytes []byte // hashes, in order
}

func newMerge(over map[Name]Hash) *merge {
	m := &merge{over: over}
	for n := range over {
		m.names = append(m.names, n)
	}
	slices.SortFunc(m.names, Name.Compare)
	return m
}

func (m *merge) row(kind, key, base []byte) {
	for m.next < len(m.names) {
		n := m.names[m.next]
		c := strings.Compare(n.Kind, string(kind))
		if c == 0 {
			c = strings.Compare(n.Key, string(key))
		}
		if c > 0 {
			break
		}
		m.put(n)
		if c == 0 {
			return
		}
	}
	m.bytes = append(m.bytes, base...)
}

func (m *merge) put(n Name) {
	if h := m.over[n]; h != (Hash{}) {
		m.bytes = append(m.bytes, h[:]...)
	}
	m.next++
}

func (m *merge) root() Root {
	for m.next < len(m.names) {
		m.put(m.names[m.next])
	}
	return sha256.Sum256(m.bytes)
}
