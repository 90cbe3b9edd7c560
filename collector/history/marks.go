package history

import (
	"context"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// late are the intervals that records came for after they had been counted.
type late map[record.Instant]struct{}

func (l *late) add(at record.Instant) {
	if *l == nil {
		*l = late{}
	}
	(*l)[acd.Interval(at)] = struct{}{}
}

// markLate notes that intervals are to be counted anew.
func (f *feedRow) markLate(ctx context.Context, tx *store.Tx, l late) error {
	for start := range l {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO marked (feed, start, at) VALUES (?, ?, ?)`,
			f.id, start, record.At(tx.Now))
		if err != nil {
			return err
		}
	}
	return nil
}

// lateSince adds to l the intervals of the records that were stored after seq
// and lie in the span, and returns how far it looked.
func (f *feedRow) lateSince(ctx context.Context, tx *store.Tx, seq int64, span record.Span, l *late) (int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, feed, at FROM record NOT INDEXED WHERE seq > ? ORDER BY seq`, seq)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var feed int64
		var at record.Instant
		if err := rows.Scan(&seq, &feed, &at); err != nil {
			return 0, err
		}
		if feed == f.id && span.From <= at && at < span.To {
			l.add(at)
		}
	}
	return seq, rows.Err()
}
