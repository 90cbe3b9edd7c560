package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// The acts by which a role moves, as the audit calls them.
const (
	actDemote    = "role.demote"
	actPromote   = "role.promote"
	actTakeBack  = "role.take-back"
	actStepDown  = "role.step-down"
	actConfirm   = "role.confirm"
	actVoidToken = "role.void"
)

// A Takeover is how a server becomes primary without the other one's token.
type Takeover struct {
	Seen    int64  // the highest epoch that is known of anywhere
	Runbook string // "": none
	Actor   string
	Reason  string
	Proof   string // why the other one acts as primary no longer, as far as anybody knows
}

// TakeOver makes a secondary the primary, by an epoch above all that were seen,
// and audits it: slots are its own from now on. One that is primary already
// stays as it is. ErrEpoch for an epoch that nobody can have got to.
func (n *DB) TakeOver(ctx context.Context, t Takeover) (self Self, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		if self, err = readSelf(ctx, tx); err != nil {
			return err
		}
		if self.Role == Primary && !self.Superseded() && t.Seen <= self.Epoch {
			return nil
		}
		if err := self.CheckEpoch(t.Seen); err != nil {
			return err
		}
		self.EpochSeen = max(self.EpochSeen, t.Seen)
		if err := becomePrimary(ctx, tx, &self, now(tx)); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actPromote, t.Actor, self, map[string]string{
			"runbook": t.Runbook, "reason": t.Reason, "proof": t.Proof,
		}))
	})
	if err != nil {
		return Self{}, fmt.Errorf("take the role over: %w", err)
	}
	return self, nil
}

// StepDown makes a primary that has heard of a higher epoch the secondary that
// it is, and audits it. stepped is false where that is not so.
func (n *DB) StepDown(ctx context.Context, actor string) (stepped bool, err error) {
	self, err := n.Self(ctx)
	if err != nil || !self.Superseded() {
		return false, err // as a rule, without locking the file for writing
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		if self, err = readSelf(ctx, tx); err != nil {
			return err
		}
		if stepped = self.Superseded(); !stepped {
			return nil
		}
		if err := becomeSecondary(ctx, tx, &self, now(tx)); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actStepDown, actor, self, nil))
	})
	if err != nil {
		return false, fmt.Errorf("step down: %w", err)
	}
	return stepped, nil
}

// ErrConfirm is returned for a role that is not there to be confirmed.
var ErrConfirm = errors.New("nothing to confirm")

// ConfirmRole notes that a person says that this server is the primary, in its
// epoch, and audits it: what waits for the twin's word waits no longer. ErrConfirm
// where it is not primary, or of another epoch.
func (n *DB) ConfirmRole(ctx context.Context, epoch int64, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		if err := self.Holds(Primary, epoch); err != nil {
			return fmt.Errorf("%w: %w", ErrConfirm, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE self SET confirmed_epoch = ?, confirmed_at = ?`, epoch, now(tx))
		if err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actConfirm, actor, self, nil))
	})
	if err != nil {
		return fmt.Errorf("confirm the role: %w", err)
	}
	return nil
}

// ErrDraining is returned for what has to wait while the role is being moved.
var ErrDraining = errors.New("the role is being moved")

// Drains tells whether the role of this server is being moved at an instant:
// nothing that needs it starts, and nobody edits.
func (s Self) Drains(at record.Instant) bool { return s.DrainingFor != "" && at < s.DrainingUntil }

// Drain begins, or goes on with, a stretch in which the role is being moved by a
// runbook; it is over by itself when it was not gone on with for so long.
// ErrRole on a server that is not primary, ErrDraining if another runbook does.
func (n *DB) Drain(ctx context.Context, runbook string, within time.Duration) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		if err := self.Holds(Primary, self.Epoch); err != nil {
			return err
		}
		if self.DrainingFor != runbook && self.Drains(now(tx)) {
			return fmt.Errorf("%w by another runbook", ErrDraining)
		}
		_, err = tx.ExecContext(ctx, `UPDATE self SET draining_for = ?, draining_until = ?`, runbook, now(tx).Add(within))
		return err
	})
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// Refill ends what Drain of that runbook began; that there is nothing is no error.
func (n *DB) Refill(ctx context.Context, runbook string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE self SET draining_for = '', draining_until = 0 WHERE draining_for = ?`, runbook)
		return err
	})
	if err != nil {
		return fmt.Errorf("end draining: %w", err)
	}
	return nil
}

// asPrimary is what a server becomes that gets the role, by its next epoch: slots
// after an instant are its own.
func (s Self) asPrimary(at, owns record.Instant) Self {
	s.Role, s.Epoch, s.Since = Primary, s.NextEpoch(), at
	s.EpochSeen, s.OwnsFrom, s.OwnsUntil = s.Epoch, owns, 0
	return s
}

// asSecondary is what a server becomes that loses the role: slots up to an
// instant were its own. Its epoch is over, and stays its last.
func (s Self) asSecondary(at, until record.Instant) Self {
	s.Role, s.Since, s.OwnsUntil = Secondary, at, until
	return s
}

func becomePrimary(ctx context.Context, tx *store.Tx, self *Self, owns record.Instant) error {
	*self = self.asPrimary(now(tx), owns)
	if self.Epoch > MaxTold {
		return fmt.Errorf("%w: %d comes next", ErrEpoch, self.Epoch)
	}
	return writeRole(ctx, tx, *self)
}

func becomeSecondary(ctx context.Context, tx *store.Tx, self *Self, until record.Instant) error {
	*self = self.asSecondary(now(tx), until)
	return writeRole(ctx, tx, *self)
}

func writeRole(ctx context.Context, tx *store.Tx, self Self) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE self SET role = ?, epoch = ?, epoch_seen = ?, since = ?, owns_from = nullif(?, 0), owns_until = nullif(?, 0),
			draining_for = '', draining_until = 0`,
		self.Role, self.Epoch, self.EpochSeen, self.Since, self.OwnsFrom, self.OwnsUntil)
	return err
}

// roleAct is an act by which a role moves, with where this server stands by it.
func roleAct(verb, actor string, self Self, more map[string]string) Act {
	detail := map[string]string{
		"role": string(self.Role), "epoch": strconv.FormatInt(self.Epoch, 10), "seen": strconv.FormatInt(self.EpochSeen, 10),
	}
	for k, v := range more {
		if v != "" {
			detail[k] = v
		}
	}
	return Act{Actor: actor, Verb: verb, Target: self.Name, Detail: detail}
}
