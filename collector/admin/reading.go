package admin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Reading is one unchanging view of the file, in which a plan is made: what
// is pending, the rows and the roots belong together.
type Reading struct {
	tx      *store.Tx
	version int // of the catalogue
}

// Read calls fn with a view of the file. Others may write meanwhile, and are
// not seen.
func (a *DB) Read(ctx context.Context, fn func(*Reading) error) error {
	return a.db.View(ctx, func(tx *store.Tx) error { return fn(&Reading{tx, a.version}) })
}

// Position returns where this server stands.
func (a *DB) Position(ctx context.Context) (p Position, err error) {
	err = a.Read(ctx, func(r *Reading) error {
		p, err = r.Position(ctx)
		return err
	})
	return p, err
}

// Position returns where this server stands. It reads all rows only if some
// are pending.
func (r *Reading) Position(ctx context.Context) (Position, error) {
	s, err := readState(ctx, r.tx)
	if err != nil {
		return Position{}, err
	}
	p := Position{
		Catalogue: r.version, Generation: s.generation,
		BaseGeneration: s.baseGeneration, BaseRoot: s.baseRoot, Root: s.baseRoot,
	}
	if p.Pending, p.Drift, err = r.drift(ctx); err != nil {
		return Position{}, err
	}
	if err := r.tx.QueryRowContext(ctx, `SELECT count(*) FROM row WHERE hash IS NOT NULL`).Scan(&p.Rows); err != nil {
		return Position{}, fmt.Errorf("count rows: %w", err)
	}
	if p.Pending > 0 {
		if p.Root, err = rootOf(ctx, r.tx, `SELECT hash FROM row WHERE hash IS NOT NULL ORDER BY kind, key`); err != nil {
			return Position{}, err
		}
	}
	p.Head, err = audit.HeadOf(ctx, r.tx)
	return p, err
}

// Base returns the generation and the base of this server, which costs nothing.
func (r *Reading) Base(ctx context.Context) (generation, base int64, root Root, err error) {
	s, err := readState(ctx, r.tx)
	return s.generation, s.baseGeneration, s.baseRoot, err
}

// A state is the row of that table.
type state struct {
	generation, baseGeneration int64
	baseRoot                   Root
}

func readState(ctx context.Context, tx *store.Tx) (state, error) {
	var s state
	var root []byte
	err := tx.QueryRowContext(ctx, `SELECT generation, base_generation, base_root FROM state`).Scan(&s.generation, &s.baseGeneration, &root)
	if err == nil {
		s.baseRoot, err = audit.HashFrom(root)
	}
	if err != nil {
		return state{}, fmt.Errorf("read state: %w", err)
	}
	return s, nil
}

// rootOf folds the hashes that a query tells in order. The driver would start
// a goroutine for each row to see a cancelled ctx; the query ends by itself.
func rootOf(ctx context.Context, tx *store.Tx, query string, args ...any) (Root, error) {
	rows, err := tx.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return Root{}, fmt.Errorf("read hashes: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	sum := sha256.New()
	for rows.Next() {
		var h sql.RawBytes
		if err := rows.Scan(&h); err != nil {
			return Root{}, fmt.Errorf("read hashes: %w", err)
		}
		sum.Write(h)
	}
	if err := rows.Err(); err != nil {
		return Root{}, fmt.Errorf("read hashes: %w", err)
	}
	return Root(sum.Sum(nil)), nil
}

// A Page is a part of what there is to read.
type Page struct {
	After  Name // rows behind this one
	Limit  int  // at most so many; 0: all
	Bodies bool // with what they say
}

func (p Page) limit() int {
	if p.Limit == 0 {
		return -1
	}
	return p.Limit
}

// Pending returns the rows that differ from the base of a generation, in the
// order of their names. 0 is the empty base: all rows differ from it. A base
// that cannot be told any more is ErrNoGeneration.
func (r *Reading) Pending(ctx context.Context, since int64, page Page) ([]Pending, error) {
	s, err := readState(ctx, r.tx)
	if err != nil {
		return nil, err
	}
	var query string
	args := []any{page.After.Kind, page.After.Key, page.limit(), page.Bodies, since}
	switch since {
	case s.baseGeneration:
		query = `
			SELECT kind, key, base, hash, iif(?4, body, NULL) FROM row INDEXED BY row_pending
			WHERE hash IS NOT base AND (kind, key) > (?1, ?2) AND ?5 >= 0 ORDER BY kind, key LIMIT ?3`
	case 0:
		query = `
			SELECT kind, key, NULL, hash, iif(?4, body, NULL) FROM row
			WHERE hash IS NOT NULL AND (kind, key) > (?1, ?2) AND ?5 >= 0 ORDER BY kind, key LIMIT ?3`
	default:
		if _, ok, err := r.BaseAt(ctx, since); err != nil || !ok {
			return nil, errors.Join(err, fmt.Errorf("%w: the base of %d is not kept", ErrNoGeneration, since))
		}
		query = `
			WITH was AS (SELECT kind, key, before AS base, min(generation) FROM agreed WHERE generation > ?5 GROUP BY kind, key)
			SELECT kind, key, base, hash, iif(?4, body, NULL) FROM (
				SELECT n.kind, n.key, iif(w.kind IS NULL, r.base, w.base) AS base, r.hash, r.body
				FROM (SELECT kind, key FROM row INDEXED BY row_pending WHERE hash IS NOT base UNION SELECT kind, key FROM was) AS n
				LEFT JOIN row AS r ON r.kind = n.kind AND r.key = n.key
				LEFT JOIN was AS w ON w.kind = n.kind AND w.key = n.key)
			WHERE hash IS NOT base AND (kind, key) > (?1, ?2) ORDER BY kind, key LIMIT ?3`
	}
	return r.readPending(ctx, query, args)
}

func (r *Reading) readPending(ctx context.Context, query string, args []any) ([]Pending, error) {
	rows, err := r.tx.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what is pending: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	found := []Pending{}
	for rows.Next() {
		var p Pending
		var base, hash, body []byte
		err := rows.Scan(&p.Kind, &p.Key, &base, &hash, &body)
		if err == nil {
			p.Base, err = hashFrom(base)
		}
		if err == nil {
			p.Hash, err = hashFrom(hash)
		}
		if err == nil && body != nil {
			p.Body, err = decodeBody(body)
		}
		if err != nil {
			return nil, fmt.Errorf("read what is pending: %s: %w", shown(Name{p.Kind, p.Key}), err)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// Hashes returns the hashes of rows that live, in the order of their names.
func (r *Reading) Hashes(ctx context.Context, page Page) ([]RowHash, error) {
	page.Bodies = false
	rows, err := r.Pending(ctx, 0, page)
	if err != nil {
		return nil, err
	}
	hashes := make([]RowHash, 0, len(rows))
	for _, p := range rows {
		if p.Hash != (Hash{}) {
			hashes = append(hashes, RowHash{p.Kind, p.Key, p.Hash})
		}
	}
	return hashes, nil
}

// Row returns a row by its key: ErrNoRow.
func (r *Reading) Row(ctx context.Context, name Name) (Row, error) { return readRow(ctx, r.tx, name) }

// ChangedSince returns the names of rows of a kind that changed after a
// generation, at most limit of them, whether they live or not. It costs as much
// as has changed since.
func (r *Reading) ChangedSince(ctx context.Context, kind string, generation int64, limit int) (names []Name, err error) {
	rows, err := r.tx.QueryContext(ctx, `
		SELECT DISTINCT key FROM change WHERE generation > ? AND +kind = ? ORDER BY +key LIMIT ?`, generation, kind, limit)
	if err != nil {
		return nil, fmt.Errorf("read what changed: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		name := Name{Kind: kind}
		if err := rows.Scan(&name.Key); err != nil {
			return nil, fmt.Errorf("read what changed: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// BaseAt returns the root of the base of a generation, if it can still be
// told: Pending and Target then know its rows.
func (r *Reading) BaseAt(ctx context.Context, generation int64) (Root, bool, error) {
	var root []byte
	err := r.tx.QueryRowContext(ctx, `
		SELECT root FROM agreement WHERE generation = ?1
		AND NOT EXISTS (SELECT 1 FROM agreement WHERE generation > ?1 AND first)`, generation).Scan(&root)
	if errors.Is(err, sql.ErrNoRows) {
		return Root{}, false, nil
	}
	if err != nil {
		return Root{}, false, fmt.Errorf("read agreements: %w", err)
	}
	h, err := audit.HashFrom(root)
	return h, err == nil, err
}

// BaseAt does what Reading.BaseAt does.
func (a *DB) BaseAt(ctx context.Context, generation int64) (root Root, ok bool, err error) {
	err = a.Read(ctx, func(r *Reading) error {
		root, ok, err = r.BaseAt(ctx, generation)
		return err
	})
	return root, ok, err
}

// A Summary is what can be told without asking the twin.
type Summary struct {
	Generation     int64
	BaseGeneration int64
	BaseRoot       Root
	Agreed         record.Instant // when that base was agreed on; 0: never
	Pending        int64
	PendingSince   record.Instant // the first change that waits for a sync, or of a row that one left alone the last; 0: none
	Checked        record.Instant // when this server last wrote down what the two had agreed on; 0: never
	TwinGeneration int64          // of the twin then
	Attempt        Attempt        // of the last sync that was tried; zero: it came to its end, or there was none
}

// Summary returns it. It costs as much as there is pending, however many rows.
func (a *DB) Summary(ctx context.Context) (s Summary, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		var root []byte
		err := tx.QueryRowContext(ctx, `
			SELECT generation, base_generation, base_root, checked, twin_generation,
				coalesce((SELECT at FROM agreement WHERE agreement.generation = base_generation), 0),
				(SELECT count(*) FROM row INDEXED BY row_pending WHERE hash IS NOT base),
				coalesce((SELECT min(coalesce(
					(SELECT min(s.at) FROM change AS c JOIN change_set AS s ON s.generation = c.generation
						WHERE c.kind = r.kind AND c.key = r.key AND c.generation > state.base_generation),
					(SELECT max(s.at) FROM change AS c JOIN change_set AS s ON s.generation = c.generation
						WHERE c.kind = r.kind AND c.key = r.key)))
					FROM row AS r INDEXED BY row_pending WHERE r.hash IS NOT r.base), 0)
			FROM state`).Scan(&s.Generation, &s.BaseGeneration, &root, &s.Checked, &s.TwinGeneration,
			&s.Agreed, &s.Pending, &s.PendingSince)
		if err == nil {
			s.BaseRoot, err = audit.HashFrom(root)
		}
		if err == nil {
			s.Attempt, err = (&Reading{tx: tx}).Attempt(ctx)
		}
		return err
	})
	if err != nil {
		return Summary{}, fmt.Errorf("read state: %w", err)
	}
	return s, nil
}
