package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Heal puts good bytes, which the twin had, in the place of those of a damaged
// record. They must fit the key (ErrDamaged), and a record with that key must
// be here; where it is sound, nothing changes. Its interval is counted anew.
func (h *DB) Heal(ctx context.Context, name string, row Row) error {
	if record.DigestOf(row.Raw) != row.Digest {
		return fmt.Errorf("heal: what was offered: %w", &DamagedError{name, row.Key})
	}
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `UPDATE record SET raw = ? WHERE feed = ? AND at = ? AND digest = ? AND n = ?`,
			blob(row.Raw), f.id, row.At, row.Digest[:], int64(row.N))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			if err == nil && row.At < f.counted {
				var l late
				l.add(row.At)
				err = f.markLate(ctx, tx, l)
			}
			return err
		}
		return fmt.Errorf("no record at %s with digest %s and ordinal %d", row.At, row.Digest, row.N)
	})
	if err != nil {
		return fmt.Errorf("heal record of %q: %w", name, err)
	}
	return nil
}

// Recount makes the buckets that a span touches what the records are. If
// records are missing, the twin's buckets then differ, and a fill brings them.
func (h *DB) Recount(ctx context.Context, name string, span record.Span) error {
	for from, more := record.Bucket(span.From), true; more; {
		err := h.db.Update(ctx, func(tx *store.Tx) error {
			f, err := readFeed(ctx, tx, name)
			if err != nil {
				return err
			}
			start, err := f.nextBucket(ctx, tx, max(from, f.retainedFrom))
			if err != nil || start >= span.To {
				more = false
				return err
			}
			from = start + verifyStretch
			return f.recount(ctx, tx, record.Span{From: start, To: from})
		})
		if err != nil {
			return fmt.Errorf("count records of %q anew: %w", name, err)
		}
	}
	return nil
}

func (f *feedRow) recount(ctx context.Context, tx *store.Tx, span record.Span) error {
	said := slots{width: record.BucketWidth}
	if err := said.keys(ctx, tx, f, span); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM bucket WHERE feed = ? AND start >= ? AND start < ?`, f.id, span.From, span.To)
	if err != nil {
		return err
	}
	in := inserter{tx: tx, feed: f.id}
	for _, s := range said.all {
		if err := in.bucket(ctx, s.Start, s.Tally); err != nil {
			return err
		}
	}
	return nil
}
