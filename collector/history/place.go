package history

import (
	"context"

	"github.com/twinctl/twin/collector/store"
)

// placeOfSnapshot returns the sequence number behind which the snapshot of a
// batch belongs that was inserted just now. Where some of the records behind it
// were duplicates, that is a little early, which does no harm: whoever knows how
// things stand is then told again some of what led to it.
func placeOfSnapshot(ctx context.Context, tx *store.Tx, b Batch) (seq int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record`).Scan(&seq)
	return seq - int64(len(b.Records)-b.After), err
}
