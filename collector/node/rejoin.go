package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// ErrRejoin is returned when what a rejoin was decided by is not so any more.
var ErrRejoin = errors.New("this server changed meanwhile")

// A Rejoin is what becomes of a restored server once it is held no longer.
type Rejoin struct {
	Mark  string // of the restore that it ends
	Was   Self
	Role  Role
	Epoch int64 // this server's own
	Seen  int64 // the highest of all

	Numbered int64 // the highest number of a backup of this server that the twin has
}

// NewRejoin decides who a restored server is, by the highest epoch that it or
// its twin has seen: the server that it belongs to was primary last. If that is
// this server it is primary again, by an epoch of its own that nobody had: who
// still acts by an older one, on the files that were there before, is known by
// that. told is the highest that the twin has seen, 0 if there is none, or none
// that could be asked.
func NewRejoin(held Restored, self Self, told int64) Rejoin {
	r := Rejoin{Mark: held.Mark, Was: self, Role: Secondary, Epoch: self.Epoch, Seen: max(self.EpochSeen, told)}
	if r.Seen%2 == self.Epoch%2 && r.Seen > 0 {
		r.Role, r.Epoch = Primary, nextEpoch(self.Epoch, r.Seen)
		r.Seen = r.Epoch
	}
	return r
}

// Rejoin does it, in one transaction, and audits it. ErrRejoin: somebody
// restored or rejoined meanwhile, or a higher epoch was heard of.
func (n *DB) Rejoin(ctx context.Context, r Rejoin, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		held, err := readRestored(ctx, tx, heldQuery)
		if err != nil {
			return err
		}
		if held == nil || held.Mark != r.Mark || !r.stillHolds(self) {
			return ErrRejoin
		}
		if _, err := tx.ExecContext(ctx, `UPDATE restored SET ended = ?, numbered = max(numbered, ?) WHERE ended IS NULL`, record.At(tx.Now), r.Numbered); err != nil {
			return err
		}
		if err := r.write(ctx, tx, self); err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: actor, Verb: "rejoin", Target: held.Backup, Detail: map[string]string{
			"role": string(r.Role), "epoch": strconv.FormatInt(r.Epoch, 10), "seen": strconv.FormatInt(r.Seen, 10),
		}})
	})
	if err != nil {
		return fmt.Errorf("rejoin: %w", err)
	}
	return nil
}

// write makes this server what it becomes. What was its own before the restore
// stays it.
func (r Rejoin) write(ctx context.Context, tx *store.Tx, self Self) error {
	at := now(tx)
	if self.Role != r.Role || self.Epoch != r.Epoch {
		self.Since = at
	}
	switch {
	case r.Role == Primary:
		self.OwnsFrom, self.OwnsUntil = at, 0
	case self.Role == Primary:
		self.OwnsUntil = at
	}
	self.Role, self.Epoch, self.EpochSeen = r.Role, r.Epoch, max(self.EpochSeen, r.Seen)
	return writeRole(ctx, tx, self)
}

// stillHolds tells whether it would be decided so for who this server is now.
func (r Rejoin) stillHolds(self Self) bool {
	if self.Role != r.Was.Role || self.Epoch != r.Was.Epoch {
		return false
	}
	if r.Role == Primary {
		return self.EpochSeen < r.Epoch // which nobody may have had
	}
	return self.EpochSeen <= r.Seen
}
