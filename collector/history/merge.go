package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Merge stores records that the twin had, in one transaction, as Commit does;
// what is here already, or too old to be kept, is told in the outcome. It moves
// neither position nor coverage, and what is here already does not count among
// the duplicates of the feed, for the feed did not say it again. It verifies
// nothing: whoever received the records has done that. Each row's Kind is kept;
// its Seq and Origin are not looked at.
//
// The feed must be known here (ErrUnknownFeed): the twin cannot make one up.
func (h *DB) Merge(ctx context.Context, name string, rows []Row) (Outcome, error) {
	var done Outcome
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		var err error
		done, err = merge(ctx, tx, name, rows)
		return err
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("merge records of %q: %w", name, err)
	}
	return done, nil
}

func merge(ctx context.Context, tx *store.Tx, name string, rows []Row) (Outcome, error) {
	f, err := readFeed(ctx, tx, name)
	if err != nil {
		return Outcome{}, err
	}
	done, err := f.merge(ctx, tx, rows)
	if err != nil {
		return Outcome{}, err
	}
	return done, f.save(ctx, tx)
}

func (f *feedRow) merge(ctx context.Context, tx *store.Tx, rows []Row) (Outcome, error) {
	kinds := map[int][]record.Record{}
	for _, r := range rows {
		kinds[r.Kind] = append(kinds[r.Kind], r.Record)
	}
	var done Outcome
	for kind, records := range kinds {
		in := f.inserter(tx, kind, FromTwin)
		some, err := f.add(ctx, &in, records)
		if err != nil {
			return Outcome{}, err
		}
		done.Added += some.Added
		done.Duplicates += some.Duplicates
		done.TooOld += some.TooOld
	}
	return done, nil
}

// add stores records that did not just come from the upstream.
func (f *feedRow) add(ctx context.Context, in *inserter, records []record.Record) (Outcome, error) {
	kept := f.kept(records)
	if err := in.insert(ctx, kept); err != nil {
		return Outcome{}, err
	}
	if err := f.markLate(ctx, in.tx, in.late); err != nil {
		return Outcome{}, fmt.Errorf("mark what is to be counted anew: %w", err)
	}
	f.lastAt = max(f.lastAt, in.newest)
	f.records += int64(in.added)
	return Outcome{Added: in.added, Duplicates: len(kept) - in.added, TooOld: len(records) - len(kept)}, nil
}
