package node

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/store"
)

// MaxEpoch is above every epoch that two servers could ever get to. A twin that
// tells of a higher one is wrong, and must not make ours unusable.
const MaxEpoch = 1 << 40

// NextEpoch returns the smallest epoch of this server's own, odd or even, above
// all that it has seen.
func (s Self) NextEpoch() int64 { return nextEpoch(s.Epoch, s.EpochSeen) }

func nextEpoch(own, seen int64) int64 {
	next := seen + 1
	if next%2 != own%2 {
		next++
	}
	return next
}

// Seen notes that somebody spoke of an epoch: the highest is never forgotten.
// raised tells that none as high had been heard of before; whoever is primary
// by a lower one must stop acting as such.
func (n *DB) Seen(ctx context.Context, epoch int64) (raised bool, err error) {
	if epoch < 0 || epoch > MaxEpoch {
		return false, fmt.Errorf("epoch %d: want one from 0 to %d", epoch, int64(MaxEpoch))
	}
	self, err := n.Self(ctx)
	if err != nil || epoch <= self.EpochSeen {
		return false, err // as a rule, without locking the file for writing
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE self SET epoch_seen = ?1 WHERE epoch_seen < ?1`, epoch)
		if err != nil {
			return err
		}
		rows, err := res.RowsAffected()
		raised = rows > 0
		return err
	})
	return raised, err
}
