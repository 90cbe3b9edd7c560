package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Facts are what both sides must agree on before a bundle's rows count.
type Facts struct {
	Pair      string     `json:"pair"`
	Epoch     int64      `json:"epoch"` // of the primary
	Catalogue int        `json:"catalogue"`
	From      int64      `json:"from"`      // the base's generation; 0: there is none, all begins anew
	To        int64      `json:"to"`        // the generation that both have then
	BaseRoot  Root       `json:"base_root"` // of the base of From; of nothing where that is 0
	Drift     Root       `json:"drift"`     // DriftOf what the secondary has pending since From
	Target    Root       `json:"target"`    // of the base that both have then
	Bundle    audit.Hash `json:"bundle"`    // its name
	Bytes     int64      `json:"bytes"`
	Sender    string     `json:"sender"` // the primary's name
	Head      audit.Head `json:"head"`   // of the other side's audit, as it told
}

// Applied is what became of a bundle.
type Applied struct {
	Generation int64 `json:"generation"`
	Root       Root  `json:"root"`  // of the base now
	Added      int64 `json:"added"` // rows
	Changed    int64 `json:"changed"`
	Removed    int64 `json:"removed"`
	Same       int64 `json:"same"` // were equal already
}

// Apply makes this server, the secondary, as the bundle says, all of it or
// nothing, in one transaction in which role, pair, epoch, base and the edits
// made here are checked again, every row's old hash is compared, every row is
// validated, and the base's root is what was promised. Errors: ErrNotSecondary,
// ErrAlone, ErrOtherPair, ErrEpoch, ErrCatalogue, ErrStale (also for a replayed
// bundle), *Conflict, ErrInvalid, *Referenced, ErrRoot.
func (a *DB) Apply(ctx context.Context, by Author, f Facts, ops []Op) (done Applied, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		if err := a.mayApply(ctx, tx, f); err != nil {
			return err
		}
		if err := rewind(ctx, tx, f); err != nil {
			return err
		}
		d := a.newDraft(tx)
		if err := d.take(ctx, f, ops); err != nil {
			return err
		}
		done, err = d.agree(ctx, by, f)
		return err
	})
	if err != nil {
		return Applied{}, err
	}
	return done, nil
}

// mayApply tells whether f is from our primary and goes on from where we are.
func (a *DB) mayApply(ctx context.Context, tx *store.Tx, f Facts) error {
	s, err := a.guard(ctx, tx)
	switch {
	case err != nil:
		return err
	case s.Role != secondary:
		return fmt.Errorf("%w: %s is %s", ErrNotSecondary, s.Server, s.Role)
	case s.Pair == "":
		return fmt.Errorf("%w: %s", ErrAlone, s.Server)
	case f.Pair != s.Pair:
		return fmt.Errorf("bundle of %s is %w", inert.Text(f.Sender), ErrOtherPair)
	case f.Epoch < s.Epoch:
		return fmt.Errorf("bundle of %s is %w: %d, the highest seen is %d", inert.Text(f.Sender), ErrEpoch, f.Epoch, s.Epoch)
	case f.Catalogue > a.version+1 || f.Catalogue < a.version-1:
		return fmt.Errorf("rows %w: catalogue %d, this one has %d: install the same version on both", ErrCatalogue, f.Catalogue, a.version)
	}
	have, err := readState(ctx, tx)
	if err != nil {
		return err
	}
	if f.To <= have.generation || f.To <= have.baseGeneration || f.From >= f.To || f.From < 0 {
		return fmt.Errorf("bundle from %d to %d is %w: it has come to %d", f.From, f.To, ErrStale, have.generation)
	}
	return nil
}

// rewind makes the base the one that f counts from, and checks that it is, and
// that what is pending since is what f's sender saw.
func rewind(ctx context.Context, tx *store.Tx, f Facts) error {
	if err := rewindBase(ctx, tx, f); err != nil {
		return err
	}
	pending, err := (&Reading{tx: tx}).Pending(ctx, f.From, Page{})
	if err != nil {
		return err
	}
	if DriftOf(pending) != f.Drift {
		return fmt.Errorf("bundle from %d to %d is %w: rows were changed here meanwhile", f.From, f.To, ErrStale)
	}
	return nil
}

// rewindBase unfolds agreements that the other side does not have; where there
// is no common base, all of them.
func rewindBase(ctx context.Context, tx *store.Tx, f Facts) error {
	have, err := readState(ctx, tx)
	if err != nil {
		return err
	}
	root := have.baseRoot
	if f.From != have.baseGeneration {
		if root, err = (&Reading{tx: tx}).unwind(ctx, f.From); err != nil {
			return err
		}
	}
	if root != f.BaseRoot {
		return fmt.Errorf("bundle from %d to %d is %w: that base is another one here", f.From, f.To, ErrStale)
	}
	return nil
}

func (r *Reading) unwind(ctx context.Context, to int64) (root Root, err error) {
	steps := []string{`UPDATE row SET base = NULL WHERE base IS NOT NULL AND ? = 0`}
	root = newMerge(nil).root()
	if to != 0 {
		var ok bool
		if root, ok, err = r.BaseAt(ctx, to); err != nil || !ok {
			return root, errors.Join(err, fmt.Errorf("bundle from %d is %w: that base is not kept here", to, ErrStale))
		}
		steps = []string{`
			INSERT INTO row (kind, key, base)
			SELECT kind, key, before FROM (
				SELECT kind, key, before, min(generation) FROM agreed WHERE generation > ? GROUP BY kind, key) WHERE true
			ON CONFLICT (kind, key) DO UPDATE SET base = excluded.base`}
	}
	steps = append(steps,
		`DELETE FROM agreed WHERE generation > ?`,
		`DELETE FROM agreement WHERE generation > ?`,
		`DELETE FROM row WHERE hash IS NULL AND base IS NULL AND ? >= 0`,
		`UPDATE state SET base_generation = ?`)
	for _, query := range steps {
		if _, err := r.tx.ExecContext(ctx, query, to); err != nil {
			return root, fmt.Errorf("unfold the base of %d: %w", to, err)
		}
	}
	return root, nil
}

// take puts the ops into the draft.
func (d *draft) take(ctx context.Context, f Facts, ops []Op) error {
	names := make([]Name, len(ops))
	seen := make(map[Name]bool, len(ops))
	for i, op := range ops {
		names[i] = Name{op.Kind, op.Key}
		if seen[names[i]] {
			return fmt.Errorf("%w: the bundle has %s twice", ErrInvalid, shown(names[i]))
		}
		seen[names[i]] = true
	}
	if err := d.load(ctx, names); err != nil {
		return err
	}
	var stale []Name
	for i, op := range ops {
		r := d.rows[names[i]]
		if hashOf(r.Kind, r.Key, r.was) != op.Old {
			stale = append(stale, r.Name)
			continue
		}
		if err := d.takeOp(r, op, f); err != nil {
			return err
		}
	}
	if stale != nil {
		return &Conflict{stale}
	}
	return nil
}

func (d *draft) takeOp(r *drafted, op Op, f Facts) error {
	r.rebase = true
	k, ok := d.kinds[op.Kind]
	switch {
	case !ok && f.Catalogue > d.version:
		return fmt.Errorf("%s is %w: install that one here too", shown(r.Name), ErrCatalogue)
	case !ok:
		return fmt.Errorf("%w: %s", ErrNoKind, shown(r.Name))
	case op.Same && op.New != nil:
		return fmt.Errorf("%w: %s: the same, and another", ErrInvalid, shown(r.Name))
	case op.Same:
		return nil
	case op.New == nil:
		r.set(nil)
		return nil
	}
	normal, err := k.Normal(Row{op.Kind, op.Key, op.New})
	if err != nil && f.Catalogue > d.version {
		return fmt.Errorf("%s is %w: install that one here too: %w", shown(r.Name), ErrCatalogue, err)
	}
	if err != nil {
		return err
	}
	r.set(normal.Body)
	if normal.Key != op.Key || string(r.is) != string(op.New.Canonical()) {
		return fmt.Errorf("%w: %s: not in its canonical form", ErrInvalid, shown(r.Name))
	}
	return nil
}

// agree writes the draft's rows, and the base and all that tells of it.
func (d *draft) agree(ctx context.Context, by Author, f Facts) (Applied, error) {
	done := Applied{Generation: f.To, Root: f.Target}
	touched := make([]*drafted, 0, len(d.rows))
	agreed := make([][]any, 0, len(d.rows))
	for _, r := range d.rows {
		done.count(r)
		touched = append(touched, r)
		agreed = append(agreed, []any{f.To, r.Kind, r.Key, nullHex(r.base)})
	}
	changed := d.changes()
	if err := d.write(ctx, touched, changed); err != nil {
		return done, err
	}
	if err := settle(ctx, d.tx, f); err != nil {
		return done, err
	}
	set := Set{Generation: f.To, At: record.At(d.tx.Now), Actor: by.Actor, From: by.From, Verb: by.Verb}
	if len(changed) > 0 {
		if err := d.logSet(ctx, &set, changed); err != nil {
			return done, err
		}
	}
	if err := logAgreement(ctx, d.tx, by, Agreement{Facts: f, Role: secondary, Applied: done}); err != nil {
		return done, err
	}
	if f.From == 0 {
		return done, nil // nothing is older than a first base
	}
	return done, d.inParts(ctx, `
		INSERT INTO agreed (generation, kind, key, before)
		SELECT value->>0, value->>1, value->>2, unhex(value->>3) FROM json_each(?)`, agreed)
}

func (a *Applied) count(r *drafted) {
	switch {
	case string(r.was) == string(r.is):
		a.Same++
	case r.was == nil:
		a.Added++
	case r.is == nil:
		a.Removed++
	default:
		a.Changed++
	}
}

// settle sets the state to the new base, whose root must be the promised one.
func settle(ctx context.Context, tx *store.Tx, f Facts) error {
	root, err := rootOf(ctx, tx, `SELECT base FROM row WHERE base IS NOT NULL ORDER BY kind, key`)
	if err != nil {
		return err
	}
	if root != f.Target {
		return fmt.Errorf("bundle from %d to %d would end in %w: %s, not %s", f.From, f.To, ErrRoot, root, f.Target)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE state SET generation = max(generation, ?1), base_generation = ?1, base_root = ?2, checked = ?3,
			twin_generation = ?1, twin_pending = 0, twin_head_id = ?4, twin_head_hash = ?5, twin_pair = ?6`,
		f.To, root[:], record.At(tx.Now), f.Head.ID, f.Head.Hash[:], f.Pair)
	return err
}
