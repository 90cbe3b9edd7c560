package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/store"
)

// ErrTampered is returned by Verify for what does not fit together.
var ErrTampered = errors.New("not what was written down")

// Verify reads all of the file, a page at a time: every row's hash, what is
// drawn from rows, the base's root, the audit's chain, and of each change set
// the digest that the audit has. What does not fit is ErrTampered, or an
// *audit.Broken. It returns the audit's head, for the twin to compare.
func (a *DB) Verify(ctx context.Context) (audit.Head, error) {
	head, err := audit.Verify(ctx, a.db)
	if err != nil {
		return head, err
	}
	for _, check := range []func(context.Context) error{a.verifyRows, a.verifyDrawn, a.verifyBase, a.verifySets} {
		if err := check(ctx); err != nil {
			return head, err
		}
	}
	return head, nil
}

func (a *DB) verifyRows(ctx context.Context) error {
	for after := (Name{}); ; {
		var rows []Pending
		err := a.Read(ctx, func(r *Reading) (err error) {
			rows, err = r.Pending(ctx, 0, Page{After: after, Limit: chunk, Bodies: true})
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, p := range rows {
			after = Name{p.Kind, p.Key}
			if (Row{p.Kind, p.Key, p.Body}).Hash() != p.Hash {
				return fmt.Errorf("%w: %s has another hash", ErrTampered, shown(after))
			}
		}
	}
}

// verifyDrawn draws references and claims anew in a transaction that is taken
// back, and compares.
func (a *DB) verifyDrawn(ctx context.Context) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		want := map[string]bool{}
		r := &Reading{tx: tx}
		rows, err := r.Pending(ctx, 0, Page{Bodies: true})
		if err != nil {
			return err
		}
		for _, p := range rows {
			n := Name{p.Kind, p.Key}
			for _, u := range a.kinds[p.Kind].uses(n, p.Body) {
				want[drawn(n, u.Field, u.To.String())] = true
			}
			for _, c := range a.kinds[p.Kind].claims(p.Body) {
				want[drawn(n, c[0], c[1])] = true
			}
		}
		have, err := texts(ctx, tx, `
			SELECT json_array(kind, key, field, to_kind || '/' || to_key) FROM reference
			UNION ALL SELECT json_array(kind, key, field, value) FROM claim`)
		if err != nil {
			return err
		}
		for _, text := range have {
			var f [4]string
			if err := json.Unmarshal([]byte(text), &f); err != nil {
				return err
			}
			id := drawn(Name{f[0], f[1]}, f[2], f[3])
			if !want[id] {
				return fmt.Errorf("%w: %s does not say %s", ErrTampered, shown(Name{f[0], f[1]}), f[2])
			}
			delete(want, id)
		}
		if len(want) > 0 {
			return fmt.Errorf("%w: %d references or claims are missing", ErrTampered, len(want))
		}
		return nil
	})
}

func drawn(n Name, field, value string) string {
	return fmt.Sprintf("%q %q %q %q", n.Kind, n.Key, field, value)
}

func (a *DB) verifyBase(ctx context.Context) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		s, err := readState(ctx, tx)
		if err != nil {
			return err
		}
		root, err := rootOf(ctx, tx, `SELECT base FROM row WHERE base IS NOT NULL ORDER BY kind, key`)
		if err == nil && root != s.baseRoot {
			err = fmt.Errorf("%w: the base of generation %d has another root", ErrTampered, s.baseGeneration)
		}
		return err
	})
}

// verifySets compares each change set with what the audit says of it.
func (a *DB) verifySets(ctx context.Context) error {
	told := map[int64]audit.Hash{}
	for after := int64(0); ; {
		acts, err := a.Audited(ctx, after, chunk)
		if err != nil {
			return err
		}
		if len(acts) == 0 {
			break
		}
		for _, act := range acts {
			after = act.ID
			var said loggedAct
			if err := json.Unmarshal(act.Detail, &said); err == nil && said.Digest != (audit.Hash{}) {
				told[said.Generation] = said.Digest
			}
		}
	}
	for before := int64(0); ; {
		sets, err := a.Log(ctx, before, chunk)
		if err != nil {
			return err
		}
		for _, s := range sets {
			before = s.Generation
			if err := a.verifySet(ctx, s, told); err != nil {
				return err
			}
			delete(told, s.Generation)
		}
		if len(sets) == 0 {
			break
		}
	}
	for generation := range told {
		return fmt.Errorf("%w: generation %d is gone", ErrTampered, generation)
	}
	return nil
}

func (a *DB) verifySet(ctx context.Context, s Set, told map[int64]audit.Hash) error {
	d := newDigest(s)
	rows := int64(0)
	err := a.db.View(ctx, func(tx *store.Tx) error {
		found, err := tx.QueryContext(ctx, `SELECT kind, key, before, after FROM change WHERE generation = ? ORDER BY n`, s.Generation)
		if err != nil {
			return err
		}
		defer found.Close() //nolint:errcheck // Err tells
		for ; found.Next(); rows++ {
			var n Name
			var was, is []byte
			if err := found.Scan(&n.Kind, &n.Key, &was, &is); err != nil {
				return err
			}
			d.add(n, was, is)
		}
		return found.Err()
	})
	if err != nil {
		return fmt.Errorf("read change log: %w", err)
	}
	if want, ok := told[s.Generation]; !ok || want != d.sum() || rows != s.Rows {
		return fmt.Errorf("%w: generation %d", ErrTampered, s.Generation)
	}
	return nil
}
