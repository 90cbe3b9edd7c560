package admin

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// agreements is how many are kept, and so how far back a base can be told.
const agreements = 50

// An Agreement is one sync, as this server knows of it.
type Agreement struct {
	Facts
	Applied
	At    record.Instant
	Actor string
	Role  string // of this server then
}

// Raise makes the generation higher than above, and returns it. A bundle's To
// must be above all that either server has used.
func (a *DB) Raise(ctx context.Context, above int64) (generation int64, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			UPDATE state SET generation = max(generation, ? + 1) RETURNING generation`, above).Scan(&generation)
	})
	if err != nil {
		return 0, fmt.Errorf("raise the generation: %w", err)
	}
	return generation, nil
}

// Sending writes down what the primary is about to send, so that it can agree
// to it when the answer gets lost. It replaces what was sent before.
func (a *DB) Sending(ctx context.Context, f Facts, ops []Op) error {
	doc, err := json.Marshal(f)
	if err != nil {
		return err
	}
	rows := make([][]any, len(ops))
	for i, op := range ops {
		rows[i] = []any{op.Kind, op.Key, nullHex(op.Old), nullHex(op.Hash()), op.Same}
	}
	return a.db.Update(ctx, func(tx *store.Tx) error {
		if err := forgetSent(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sent (id, at, doc) VALUES (1, ?, ?)`, record.At(tx.Now), string(doc)); err != nil {
			return err
		}
		return a.newDraft(tx).inParts(ctx, `
			INSERT INTO sent_row (kind, key, old, hash, same)
			SELECT value->>0, value->>1, unhex(value->>2), unhex(value->>3), value->>4 FROM json_each(?)`, rows)
	})
}

func forgetSent(ctx context.Context, tx *store.Tx) error {
	for _, query := range []string{`DELETE FROM sent_row`, `DELETE FROM sent`} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// Sent returns what was sent and not agreed to yet, nil if nothing. When the
// secondary's base is of To and has the root Target, it was applied: Agree.
func (a *DB) Sent(ctx context.Context) (f *Facts, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		f, err = readSent(ctx, tx)
		return err
	})
	return f, err
}

func readSent(ctx context.Context, tx *store.Tx) (*Facts, error) {
	var doc string
	err := tx.QueryRowContext(ctx, `SELECT doc FROM sent`).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // nothing is under way
	}
	var f Facts
	if err == nil {
		err = json.Unmarshal([]byte(doc), &f)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	return &f, nil
}

// Agree makes what was sent the base, once the secondary has said that it has
// it: to is the generation, head the last act of its audit. Rows that were
// edited here meanwhile stay as they are and are pending. If nothing of that
// generation was sent it is ErrNoGeneration.
func (a *DB) Agree(ctx context.Context, by Author, to int64, head audit.Head) (done Applied, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readSent(ctx, tx)
		if err != nil {
			return err
		}
		if f == nil || f.To != to {
			return fmt.Errorf("%w: %d was not sent", ErrNoGeneration, to)
		}
		f.Head = head
		if err := rewindBase(ctx, tx, *f); err != nil {
			return err
		}
		done, err = agreeSent(ctx, tx, by, *f)
		return err
	})
	if err != nil {
		return Applied{}, err
	}
	return done, nil
}

func agreeSent(ctx context.Context, tx *store.Tx, by Author, f Facts) (Applied, error) {
	done := Applied{Generation: f.To, Root: f.Target}
	err := tx.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE same), count(*) FILTER (WHERE NOT same AND old IS NULL),
			count(*) FILTER (WHERE NOT same AND hash IS NULL), count(*) FILTER (WHERE NOT same AND old IS NOT NULL AND hash IS NOT NULL)
		FROM sent_row`).Scan(&done.Same, &done.Added, &done.Removed, &done.Changed)
	if err != nil {
		return done, err
	}
	// What stood before must be read before the rows are written.
	agreed := `
		INSERT INTO agreed (generation, kind, key, before)
		SELECT ?, n.kind, n.key, r.base FROM sent_row AS n LEFT JOIN row AS r ON r.kind = n.kind AND r.key = n.key`
	if err := logAgreement(ctx, tx, by, Agreement{Facts: f, Role: primary, Applied: done}); err != nil {
		return done, err
	}
	if f.From != 0 {
		if _, err := tx.ExecContext(ctx, agreed, f.To); err != nil {
			return done, err
		}
	}
	for _, query := range []string{
		`INSERT INTO row (kind, key, base) SELECT kind, key, hash FROM sent_row WHERE true
			ON CONFLICT (kind, key) DO UPDATE SET base = excluded.base`,
		`DELETE FROM row WHERE hash IS NULL AND base IS NULL`,
	} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return done, err
		}
	}
	if err := settle(ctx, tx, f); err != nil {
		return done, err
	}
	return done, forgetSent(ctx, tx)
}

// logAgreement writes one down and forgets the oldest.
func logAgreement(ctx context.Context, tx *store.Tx, by Author, a Agreement) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO agreement (generation, at, actor, role, first, bundle, root, added, changed, removed, same, bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.To, record.At(tx.Now), by.Actor, a.Role, a.From == 0, a.Bundle[:], a.Target[:],
		a.Added, a.Changed, a.Removed, a.Same, a.Bytes)
	if err != nil {
		return fmt.Errorf("write down the agreement on %d: %w", a.To, err)
	}
	for _, query := range []string{
		`DELETE FROM agreed WHERE generation <= (SELECT generation FROM agreement ORDER BY generation DESC LIMIT 1 OFFSET ?)`,
		`DELETE FROM agreement WHERE generation <= (SELECT generation FROM agreement ORDER BY generation DESC LIMIT 1 OFFSET ?)`,
	} {
		if _, err := tx.ExecContext(ctx, query, agreements); err != nil {
			return fmt.Errorf("forget old agreements: %w", err)
		}
	}
	_, err = audit.Append(ctx, tx, audit.Act{
		Actor: by.Actor, Verb: by.Verb + ".agreed", Target: a.Sender, Detail: agreedAct{a.Facts, a.Applied, by.From},
	})
	return err
}

// An agreedAct is what the audit says of an agreement.
type agreedAct struct {
	Facts
	Applied
	Place string `json:"place"`
}

// Agreements returns what was agreed on, the newest first.
func (a *DB) Agreements(ctx context.Context) ([]Agreement, error) {
	found := []Agreement{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT generation, at, actor, role, bundle, root, added, changed, removed, same, bytes
			FROM agreement ORDER BY generation DESC`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var g Agreement
			var bundle, root []byte
			err := rows.Scan(&g.To, &g.At, &g.Actor, &g.Role, &bundle, &root, &g.Added, &g.Changed, &g.Removed, &g.Same, &g.Bytes)
			if err == nil {
				g.Bundle, err = audit.HashFrom(bundle)
			}
			if err == nil {
				g.Root, err = audit.HashFrom(root)
			}
			if err != nil {
				return err
			}
			g.Generation, g.Target = g.To, g.Root
			found = append(found, g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read agreements: %w", err)
	}
	return found, nil
}
