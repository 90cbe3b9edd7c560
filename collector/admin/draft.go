package admin

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/store"
)

// A drafted row is one as a transaction found it, and as it will leave it.
type drafted struct {
	Name
	was, is []byte // canonical; nil: no such row
	body    Body   // of is
	base    Hash
	rebase  bool // the base becomes what is is
}

func (r *drafted) set(body Body) { r.body, r.is = body, body.Canonical() }

// A draft holds the rows that a transaction touches, until write.
type draft struct {
	catalogue
	tx   *store.Tx
	rows map[Name]*drafted
}

func (a *DB) newDraft(tx *store.Tx) *draft {
	return &draft{catalogue: a.catalogue, tx: tx, rows: map[Name]*drafted{}}
}

// load takes up rows that the draft does not hold yet.
func (d *draft) load(ctx context.Context, names []Name) error {
	names = slices.DeleteFunc(slices.Clone(names), func(n Name) bool { return d.rows[n] != nil })
	for part := range slices.Chunk(names, chunk) {
		wanted := make([][]any, len(part))
		for i, n := range part {
			d.rows[n] = &drafted{Name: n}
			wanted[i] = []any{n.Kind, n.Key}
		}
		if err := d.loadPart(ctx, wanted); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) loadPart(ctx context.Context, wanted [][]any) error {
	names, err := list(wanted)
	if err != nil {
		return err
	}
	rows, err := d.tx.QueryContext(ctx, `
		SELECT r.kind, r.key, r.body, r.base
		FROM json_each(?) AS n CROSS JOIN row AS r ON r.kind = n.value->>0 AND r.key = n.value->>1`, names)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var n Name
		var text sql.NullString
		var base []byte
		if err := rows.Scan(&n.Kind, &n.Key, &text, &base); err != nil {
			return err
		}
		r := d.rows[n]
		if r.base, err = hashFrom(base); err != nil {
			return fmt.Errorf("%s: %w", shown(n), err)
		}
		if !text.Valid {
			continue
		}
		body, err := decodeBody([]byte(text.String))
		if err != nil {
			return fmt.Errorf("%s: %w", shown(n), err)
		}
		r.was, r.is, r.body = []byte(text.String), []byte(text.String), body
	}
	return rows.Err()
}

// changes returns the rows that will say something else than they did, in the
// order of their names.
func (d *draft) changes() []*drafted {
	var changed []*drafted
	for _, r := range d.rows {
		if string(r.was) != string(r.is) || (r.was == nil) != (r.is == nil) {
			changed = append(changed, r)
		}
	}
	slices.SortFunc(changed, func(a, b *drafted) int { return a.Name.Compare(b.Name) })
	return changed
}

// write writes rows in the order of their names, and what is drawn from those
// that changed. It refuses what would leave a reference to nothing or two rows
// that claim the same.
func (d *draft) write(ctx context.Context, rows, changed []*drafted) error {
	slices.SortFunc(rows, func(a, b *drafted) int { return a.Name.Compare(b.Name) })
	for part := range slices.Chunk(rows, chunk) {
		if err := d.writeRows(ctx, part); err != nil {
			return err
		}
	}
	if _, err := d.tx.ExecContext(ctx, `DELETE FROM row WHERE hash IS NULL AND base IS NULL`); err != nil {
		return err
	}
	return d.writeDrawn(ctx, changed)
}

func (d *draft) writeRows(ctx context.Context, rows []*drafted) error {
	values := make([][]any, len(rows))
	for i, r := range rows {
		h := hashOf(r.Kind, r.Key, r.is)
		base := r.base
		if r.rebase {
			base = h
		}
		values[i] = []any{r.Kind, r.Key, nullText(r.is), nullHex(h), nullHex(base)}
	}
	text, err := list(values)
	if err != nil {
		return err
	}
	_, err = d.tx.ExecContext(ctx, `
		INSERT INTO row (kind, key, body, hash, base)
		SELECT value->>0, value->>1, value->>2, unhex(value->>3), unhex(value->>4) FROM json_each(?) WHERE true
		ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, hash = excluded.hash, base = excluded.base`, text)
	return err
}

func nullText(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

func nullHex(h Hash) any {
	if h == (Hash{}) {
		return nil
	}
	return hex.EncodeToString(h[:])
}
