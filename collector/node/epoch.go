package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/store"
)

// MaxEpoch is above every epoch that two servers could ever get to. A twin that
// tells of a higher one is wrong, and must not make ours unusable.
const MaxEpoch = 1 << 40

const (
	// MaxTold is what a twin's word may tell of: so far below MaxEpoch that
	// what comes next never reaches it.
	MaxTold = MaxEpoch / 2
	// maxLeap is how far above all that was seen it may be: a role is moved
	// once in a while, and each time by one or two.
	maxLeap = 1000
)

// ErrEpoch is returned for an epoch that no twin can have got to.
var ErrEpoch = errors.New("an epoch that no twin can have got to")

// Superseded tells of a primary that has heard of a higher epoch than its own:
// it acts as primary no longer, and is not a secondary yet.
func (s Self) Superseded() bool { return s.Role == Primary && s.Epoch < s.EpochSeen }

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

// CheckEpoch tells whether the twin can have got to an epoch, by what was seen
// so far: ErrEpoch.
func (s Self) CheckEpoch(epoch int64) error {
	if most := max(s.EpochSeen, min(MaxTold, s.EpochSeen+maxLeap)); epoch < 0 || epoch > most {
		return fmt.Errorf("%w: %d, want one from 0 to %d", ErrEpoch, epoch, most)
	}
	return nil
}

// Seen notes that somebody spoke of an epoch: the highest is never forgotten.
// raised tells that none as high had been heard of before; whoever is primary
// by a lower one must stop acting as such. One that cannot be is ErrEpoch.
func (n *DB) Seen(ctx context.Context, epoch int64) (raised bool, err error) {
	self, err := n.Self(ctx)
	if err != nil {
		return false, err
	}
	if err := self.CheckEpoch(epoch); err != nil {
		return false, err
	}
	if epoch <= self.EpochSeen {
		return false, nil // as a rule, without locking the file for writing
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
