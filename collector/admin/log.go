package admin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A logged act is what the audit says of a change set.
type loggedAct struct {
	Generation int64      `json:"generation"`
	Rows       int64      `json:"rows"`
	From       string     `json:"from"`
	Digest     audit.Hash `json:"digest"`
}

// logSet gives the set its generation and writes it down with its changes and
// the audit.
func (d *draft) logSet(ctx context.Context, set *Set, rows []*drafted) error {
	if set.Generation == 0 {
		err := d.tx.QueryRowContext(ctx, `UPDATE state SET generation = generation + 1 RETURNING generation`).Scan(&set.Generation)
		if err != nil {
			return fmt.Errorf("raise the generation: %w", err)
		}
	}
	set.Rows = int64(len(rows))
	digest := newDigest(*set)
	values := make([][]any, len(rows))
	for i, r := range rows {
		digest.add(r.Name, r.was, r.is)
		values[i] = []any{set.Generation, i + 1, r.Kind, r.Key, nullText(r.was), nullText(r.is)}
	}
	sum := digest.sum()
	_, err := d.tx.ExecContext(ctx, `
		INSERT INTO change_set (generation, at, actor, place, verb, undoes, drift, rows, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		set.Generation, set.At, set.Actor, set.From, set.Verb, set.Undoes, set.Drift, set.Rows, sum[:])
	if err != nil {
		return fmt.Errorf("write down generation %d: %w", set.Generation, err)
	}
	err = d.inParts(ctx, `
		INSERT INTO change (generation, n, kind, key, before, after)
		SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?)`, values)
	if err != nil {
		return fmt.Errorf("write down generation %d: %w", set.Generation, err)
	}
	if set.Changes, err = changesOf(rows); err != nil {
		return err
	}
	_, err = audit.Append(ctx, d.tx, audit.Act{
		Actor: set.Actor, Verb: set.Verb, Target: targetOf(rows),
		Detail: loggedAct{set.Generation, set.Rows, set.From, sum},
	})
	return err
}

// targetOf names the row of a set that changed one.
func targetOf(rows []*drafted) string {
	if len(rows) == 1 {
		return rows[0].Name.String()
	}
	return fmt.Sprintf("%d rows", len(rows))
}

func changesOf(rows []*drafted) ([]Change, error) {
	changes := make([]Change, len(rows))
	for i, r := range rows {
		before, err := ParseBody(r.was)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown(r.Name), err)
		}
		changes[i] = Change{r.Kind, r.Key, before, r.body}
	}
	return changes, nil
}

// A digest covers a set and its changes.
type digest struct{ b []byte }

func newDigest(s Set) *digest {
	d := &digest{}
	for _, n := range []int64{s.Generation, int64(s.At), s.Undoes, s.Rows} {
		d.b = binary.BigEndian.AppendUint64(d.b, uint64(n))
	}
	drift := byte(0)
	if s.Drift {
		drift = 1
	}
	d.b = append(d.b, drift)
	for _, text := range []string{s.Actor, s.From, s.Verb} {
		d.b = appendBytes(d.b, []byte(text))
	}
	return d
}

// add takes a change in: what was there and what is, nil for no such row. The
// bytes before are folded, so that the digest stays small.
func (d *digest) add(n Name, was, is []byte) {
	sum := sha256.Sum256(d.b)
	d.b = append(d.b[:0], sum[:]...)
	for _, part := range [][]byte{[]byte(n.Kind), []byte(n.Key), was, is} {
		d.b = appendBytes(d.b, part)
	}
}

func (d *digest) sum() audit.Hash { return sha256.Sum256(d.b) }

// Log returns change sets without their changes, the newest first, those before
// a generation (0: all), at most limit.
func (a *DB) Log(ctx context.Context, before int64, limit int) ([]Set, error) {
	sets := []Set{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT generation, at, actor, place, verb, undoes, drift, rows FROM change_set
			WHERE ?1 = 0 OR generation < ?1 ORDER BY generation DESC LIMIT ?2`, before, limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			s, err := scanSet(rows)
			if err != nil {
				return err
			}
			sets = append(sets, s)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read change log: %w", err)
	}
	return sets, nil
}

func scanSet(row interface{ Scan(into ...any) error }) (s Set, err error) {
	err = row.Scan(&s.Generation, &s.At, &s.Actor, &s.From, &s.Verb, &s.Undoes, &s.Drift, &s.Rows)
	return s, err
}

// Set returns one change set with its changes: ErrNoGeneration.
func (a *DB) Set(ctx context.Context, generation int64) (set Set, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		set, err = readSet(ctx, tx, generation)
		return err
	})
	return set, err
}

func readSet(ctx context.Context, tx *store.Tx, generation int64) (Set, error) {
	set, err := scanSet(tx.QueryRowContext(ctx, `
		SELECT generation, at, actor, place, verb, undoes, drift, rows FROM change_set WHERE generation = ?`, generation))
	if errors.Is(err, sql.ErrNoRows) {
		return Set{}, fmt.Errorf("%w: %d", ErrNoGeneration, generation)
	}
	if err != nil {
		return Set{}, fmt.Errorf("read change log: %w", err)
	}
	set.Changes, err = readChanges(ctx, tx, `
		SELECT kind, key, before, after FROM change WHERE generation = ? ORDER BY n`, generation)
	return set, err
}

func readChanges(ctx context.Context, tx *store.Tx, query string, args ...any) ([]Change, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read change log: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	changes := []Change{}
	for rows.Next() {
		var c Change
		var before, after []byte
		err := rows.Scan(&c.Kind, &c.Key, &before, &after)
		if err == nil {
			c.Before, err = ParseBody(before)
		}
		if err == nil {
			c.After, err = ParseBody(after)
		}
		if err != nil {
			return nil, fmt.Errorf("read change log: %w", err)
		}
		changes = append(changes, c)
	}
	return changes, rows.Err()
}

// Between returns what became of rows from one generation to a later one: each
// row that differs once, with what it was and what it is.
func (a *DB) Between(ctx context.Context, from, to int64) (changes []Change, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		changes, err = readChanges(ctx, tx, `
			SELECT f.kind, f.key, f.before, l.after
			FROM (SELECT kind, key, min(generation) AS first, max(generation) AS last FROM change
				WHERE generation > ? AND generation <= ? GROUP BY kind, key) AS s
			JOIN change AS f ON f.generation = s.first AND f.kind = s.kind AND f.key = s.key
			JOIN change AS l ON l.generation = s.last AND l.kind = s.kind AND l.key = s.key
			WHERE f.before IS NOT l.after ORDER BY f.kind, f.key`, from, to)
		return err
	})
	return changes, err
}

// UnchangedSince returns since when a row has been, on this server, the same as
// it is: when it was made, or came by a sync, or became another one last. same
// tells whether what a change left is the same as what stood before. 0: there is
// no such row, or the log does not tell.
func (r *Reading) UnchangedSince(ctx context.Context, name Name, same func(before, after Body) bool) (record.Instant, error) {
	// The driver would start a goroutine for each row to see a cancelled ctx; the
	// query ends by itself.
	rows, err := r.tx.QueryContext(context.WithoutCancel(ctx), `
		SELECT s.at, c.before, c.after FROM change AS c JOIN change_set AS s ON s.generation = c.generation
		WHERE c.kind = ? AND c.key = ? ORDER BY c.generation DESC`, name.Kind, name.Key)
	if err != nil {
		return 0, fmt.Errorf("read change log: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var at record.Instant
		var texts [2][]byte
		var before, after Body
		err := rows.Scan(&at, &texts[0], &texts[1])
		if err == nil {
			before, err = ParseBody(texts[0])
		}
		if err == nil {
			after, err = ParseBody(texts[1])
		}
		switch {
		case err != nil:
			return 0, fmt.Errorf("read change log: %s: %w", shown(name), err)
		case after == nil:
			return 0, nil
		case before == nil || !same(before, after):
			return at, nil
		}
	}
	return 0, rows.Err()
}

// Inverse returns the edits that take changes back. They expect what the
// changes left, so that a row that was changed since is a *Conflict.
func Inverse(changes []Change) []Edit {
	edits := make([]Edit, len(changes))
	for i, c := range changes {
		old := Row{c.Kind, c.Key, c.After}.Hash()
		edits[i] = Edit{Kind: c.Kind, Key: c.Key, Body: c.Before, Old: &old}
	}
	slices.Reverse(edits)
	return edits
}

// Undo takes one change set back, in a change of its own. Rows that were
// changed since are a *Conflict.
func (a *DB) Undo(ctx context.Context, by Author, generation int64) (Set, error) {
	set, err := a.Set(ctx, generation)
	if err != nil {
		return Set{}, err
	}
	return a.Change(ctx, by, Inverse(set.Changes), How{Undoes: generation})
}
