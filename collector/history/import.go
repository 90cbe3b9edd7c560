package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Import stores records that the upstream said long ago and somebody kept, in
// one transaction, as Merge does. They are the feed's own, of that kind; what is
// here already does not count among its duplicates. Neither position nor
// coverage moves: nobody knows what was not kept.
//
// The feed must be known here: ErrUnknownFeed.
func (h *DB) Import(ctx context.Context, name string, kind int, records []record.Record) (Outcome, error) {
	var done Outcome
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		in := f.inserter(tx, kind, FromFile)
		if done, err = f.add(ctx, &in, records); err != nil {
			return err
		}
		return f.save(ctx, tx)
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("import records of %q: %w", name, err)
	}
	return done, nil
}

// Foresee tells what Import would: nothing is changed.
func (h *DB) Foresee(ctx context.Context, name string, records []record.Record) (Outcome, error) {
	var done Outcome
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		ask, err := tx.PrepareContext(ctx, `SELECT count(*) FROM record WHERE feed = ? AND at = ? AND digest = ? AND n = ?`)
		if err != nil {
			return err
		}
		defer ask.Close() //nolint:errcheck // it was only read
		kept := f.kept(records)
		done.TooOld = len(records) - len(kept)
		for i := range kept {
			var there int
			if err := ask.QueryRowContext(ctx, f.id, int64(kept[i].At), kept[i].Digest[:], int64(kept[i].N)).Scan(&there); err != nil {
				return err
			}
			done.Duplicates += there
		}
		done.Added = len(kept) - done.Duplicates
		return nil
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("look for records of %q: %w", name, err)
	}
	return done, nil
}

// Claim notes that everything that the upstream said in a span is here, but for
// what is known to be missing of it, as a person says who brought it: gaps in it
// are filled. Where it lies before the first that was heard, what lies between is
// missing: see Reach. It returns how many stretches that filled.
func (h *DB) Claim(ctx context.Context, name string, span record.Span, missing ...record.Span) (int, error) {
	if err := h.Reach(ctx, name, span.From); err != nil {
		return 0, err
	}
	here := record.Subtract([]record.Span{span}, record.Union(missing))
	settled, err := h.Settle(ctx, name, Testimony{Asked: here, Heard: here, Until: span.To})
	return settled.Filled, err
}
