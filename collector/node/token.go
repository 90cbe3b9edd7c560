package node

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// ErrToken is returned for a token that does not give this server the role: of
// another pair, of an epoch of before, taken already, void, or of no such time.
var ErrToken = errors.New("not a token for this server")

// A Token is what a primary gives away with its role. Whoever takes it is primary
// by a higher epoch, and owns the slots after At.
type Token struct {
	ID      string         `json:"id"`
	Runbook string         `json:"runbook"`
	Pair    string         `json:"pair"`
	Giver   string         `json:"giver"` // both by what they are for ever
	Taker   string         `json:"taker"`
	Epoch   int64          `json:"epoch"` // of the giver, which ended with it
	At      record.Instant `json:"at"`
	Mark    int64          `json:"mark"` // rev of the giver's last run: the taker must have been told up to there
}

// A TokenState is what became of a token.
type TokenState string

// The states of a token.
const (
	TokenGiven TokenState = "given" // by this server
	TokenTaken TokenState = "taken" // by this server, or, as it was told, by the twin
	TokenVoid  TokenState = "void"  // it will never be taken
)

// A Demotion is how a primary gives its role away.
type Demotion struct {
	Runbook string
	Epoch   int64 // that it has: ErrRole if it has another
	Actor   string
	At      record.Instant // slots up to there were decided upon, with these:
	Claims  []Claim        // of slots that nobody will run here
	Drop    []int64        // runs that were claimed and had not begun
	Reason  string         // that their rows get
}

// Demote gives the role of this server away, in one transaction: rows for all
// slots that were its own, the token, and the audit. Slots after At are the
// twin's. ErrRole if it is not primary or not of that epoch, or not drained for that
// runbook: so Refill keeps a late order from doing anything. ErrRunState while a
// run that needs the role goes on. Once more by the same runbook it returns the
// token that was given.
func (n *DB) Demote(ctx context.Context, d Demotion) (t Token, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		given, state, err := readToken(ctx, tx, `runbook = ?`, d.Runbook)
		switch {
		case err == nil && state == TokenGiven && given.Giver == self.Server:
			t = given
			return nil
		case err == nil:
			return fmt.Errorf("%w: that of this runbook is %s", ErrToken, state)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if t, err = newToken(ctx, tx, self, d); err != nil {
			return err
		}
		if err := d.settle(ctx, tx, self); err != nil {
			return err
		}
		if t.Mark, err = lastRev(ctx, tx); err != nil {
			return err
		}
		if err := becomeSecondary(ctx, tx, &self, t.At); err != nil {
			return err
		}
		if err := writeToken(ctx, tx, t, TokenGiven); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actDemote, d.Actor, self, map[string]string{
			"runbook": d.Runbook, "token": t.ID, "owned_until": t.At.String(),
		}))
	})
	if err != nil {
		return Token{}, fmt.Errorf("give the role away: %w", err)
	}
	return t, nil
}

func newToken(ctx context.Context, tx *store.Tx, self Self, d Demotion) (Token, error) {
	if err := self.Holds(Primary, d.Epoch); err != nil {
		return Token{}, err
	}
	pair, err := readPair(ctx, tx)
	if err != nil {
		return Token{}, err
	}
	if pair == nil {
		return Token{}, fmt.Errorf("%w: this server has no twin", ErrRole)
	}
	if self.DrainingFor != d.Runbook || !self.Drains(now(tx)) {
		return Token{}, fmt.Errorf("%w: it is not drained for %s, or no longer", ErrRole, d.Runbook)
	}
	if d.At > now(tx) {
		return Token{}, fmt.Errorf("slots up to %v: it is %v", d.At, now(tx))
	}
	return Token{
		ID: rand.Text(), Runbook: d.Runbook, Pair: pair.Pair, Giver: self.Server, Taker: pair.Server, Epoch: self.Epoch,
		// Where its twin's clock is ahead, slots are its own from a moment on that
		// has not come here: then none were.
		At: max(d.At, self.OwnsFrom),
	}, nil
}

// settle writes the rows of what is given away, and makes sure that nothing that
// needs the role is left to end.
func (d Demotion) settle(ctx context.Context, tx *store.Tx, self Self) error {
	if _, err := writeClaims(ctx, tx, self, d.Claims); err != nil {
		return err
	}
	for _, id := range d.Drop {
		if err := dropClaimed(ctx, tx, id, d.Reason); err != nil {
			return fmt.Errorf("run %d: %w", id, err)
		}
	}
	var open int64
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM run WHERE theirs IS NULL AND ended IS NULL AND role = 'primary'`).Scan(&open)
	if err == nil && open > 0 {
		err = fmt.Errorf("%w: %d that need the role have not ended", ErrRunState, open)
	}
	return err
}

// dropClaimed ends a run that was claimed and had not begun, if it has not yet.
func dropClaimed(ctx context.Context, tx *store.Tx, id int64, reason string) error {
	r, err := ownRun(ctx, tx, id)
	if err != nil || r.State.Final() {
		return err
	}
	if r.State != RunClaimed {
		return fmt.Errorf("%w: it is %s", ErrRunState, r.State)
	}
	_, err = tx.ExecContext(ctx, `UPDATE run SET state = 'missed', reason = ?, ended = ?, rev = `+nextRev+` WHERE id = ?`,
		first(reason, maxReason), now(tx), now(tx), id)
	return err
}

// soonest is how far the giver's clock may be ahead of the taker's.
const soonest = time.Hour

// Promote makes this server primary by its twin's token, in one transaction with
// the audit: slots after the token's At are its own. ErrToken as said there;
// ErrRunState until the giver has told of its runs up to the token's mark. The
// token that made it primary changes nothing once more.
func (n *DB) Promote(ctx context.Context, t Token, actor string) (self Self, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		if self, err = readSelf(ctx, tx); err != nil {
			return err
		}
		had, state, err := readToken(ctx, tx, `id = ?`, t.ID)
		switch {
		case err == nil && had == t && state == TokenTaken && self.Role == Primary && self.Epoch == self.EpochSeen && self.OwnsFrom == t.At:
			return nil
		case err == nil:
			return fmt.Errorf("%w: it was noted as %s before", ErrToken, state)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := t.check(ctx, tx, self); err != nil {
			return err
		}
		if err := becomePrimary(ctx, tx, &self, t.At); err != nil {
			return err
		}
		if err := writeToken(ctx, tx, t, TokenTaken); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actPromote, actor, self, map[string]string{
			"runbook": t.Runbook, "token": t.ID, "owns_from": t.At.String(),
		}))
	})
	if err != nil {
		return Self{}, fmt.Errorf("take the role: %w", err)
	}
	return self, nil
}

// check tells whether a token gives this server the role now.
func (t Token) check(ctx context.Context, tx *store.Tx, self Self) error {
	pair, err := readPair(ctx, tx)
	if err != nil {
		return err
	}
	told, err := readTold(ctx, tx)
	if err != nil {
		return err
	}
	if err := t.fits(self, pair, now(tx)); err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	if told.Through < t.Mark {
		return fmt.Errorf("%w: the twin has told of its runs up to %d, and there are some up to %d", ErrRunState, told.Through, t.Mark)
	}
	return nil
}

// fits says why a token that was never seen does not give a server the role.
func (t Token) fits(self Self, pair *Pair, at record.Instant) error {
	switch {
	case pair == nil || t.Pair != pair.Pair || t.Giver != pair.Server || t.Taker != self.Server || t.ID == "":
		return errors.New("it is of another pair")
	case self.Role != Secondary:
		return fmt.Errorf("this server is %s", self.Role)
	case t.Epoch < self.EpochSeen || t.Epoch%2 == self.Epoch%2:
		return fmt.Errorf("it ends epoch %d, and %d was seen", t.Epoch, self.EpochSeen)
	case t.At <= 0 || t.At > at.Add(soonest):
		return fmt.Errorf("it is of %v", t.At)
	}
	return self.CheckEpoch(t.Epoch)
}

// VoidToken makes sure that this server never takes a token, and audits it:
// ErrToken if it has.
func (n *DB) VoidToken(ctx context.Context, t Token, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		_, state, err := readToken(ctx, tx, `id = ?`, t.ID)
		switch {
		case err == nil && state == TokenVoid:
			return nil
		case err == nil:
			return fmt.Errorf("%w: it was %s", ErrToken, state)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		pair, err := readPair(ctx, tx)
		if err != nil {
			return err
		}
		if pair == nil || t.Giver != pair.Server || t.Taker != self.Server {
			return fmt.Errorf("%w: it is of another pair", ErrToken)
		}
		if err := writeToken(ctx, tx, t, TokenVoid); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actVoidToken, actor, self, map[string]string{"runbook": t.Runbook, "token": t.ID}))
	})
	if err != nil {
		return fmt.Errorf("void a token: %w", err)
	}
	return nil
}

// TakeBack gives the role back to the server that gave a token which its twin
// has made void, by its next epoch, and audits it: no slot is lost in between.
// ErrToken if that is not so, or a higher epoch was seen. Once more it changes
// nothing.
func (n *DB) TakeBack(ctx context.Context, id, actor string) (self Self, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		if self, err = readSelf(ctx, tx); err != nil {
			return err
		}
		t, state, err := readToken(ctx, tx, `id = ?`, id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%w: there is none of that id", ErrToken)
		case err != nil:
			return err
		case state == TokenVoid && self.Role == Primary && self.OwnsFrom == t.At:
			return nil
		case state != TokenGiven || !t.returns(self):
			return fmt.Errorf("%w: it is %s, this server %s, and epoch %d was seen", ErrToken, state, self.Role, self.EpochSeen)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE token SET state = 'void', noted = ? WHERE id = ?`, now(tx), id); err != nil {
			return err
		}
		if err := becomePrimary(ctx, tx, &self, t.At); err != nil {
			return err
		}
		return writeDown(ctx, tx, roleAct(actTakeBack, actor, self, map[string]string{"runbook": t.Runbook, "token": t.ID}))
	})
	if err != nil {
		return Self{}, fmt.Errorf("take the role back: %w", err)
	}
	return self, nil
}

// returns tells whether the server that gave a token can have its role back:
// nobody had one since.
func (t Token) returns(self Self) bool {
	return t.Giver == self.Server && self.Role == Secondary && self.EpochSeen == t.Epoch
}

// GivenToken returns the token that this server gave away by a runbook, nil if
// it gave none, and what became of it as far as it knows.
func (n *DB) GivenToken(ctx context.Context, runbook string) (t *Token, state TokenState, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		given, is, err := readToken(ctx, tx, `runbook = ?`, runbook)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		t, state = &given, is
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("read the token of %s: %w", runbook, err)
	}
	return t, state, nil
}

func readToken(ctx context.Context, tx *store.Tx, where, arg string) (t Token, state TokenState, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, runbook, pair, giver, taker, epoch, at, mark, state FROM token WHERE `+where, arg).
		Scan(&t.ID, &t.Runbook, &t.Pair, &t.Giver, &t.Taker, &t.Epoch, &t.At, &t.Mark, &state)
	return t, state, err
}

func writeToken(ctx context.Context, tx *store.Tx, t Token, state TokenState) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO token (id, runbook, pair, giver, taker, epoch, at, mark, state, noted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Runbook, t.Pair, t.Giver, t.Taker, t.Epoch, t.At, t.Mark, state, now(tx))
	return err
}
