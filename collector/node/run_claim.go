package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	// MaxClaims is how many slots may be claimed at once.
	MaxClaims = 1000
	// MaxAttempt is above every number of attempts at a slot.
	MaxAttempt = 10_000
)

// A Claim is what is decided about a slot of a timetable of this server.
type Claim struct {
	Timetable string // its key
	Name      string // of the timetable, now
	Slot      record.Instant
	Attempt   int // from 1
	Trigger   string
	Actor     string         // who asked for it; "": nobody
	State     RunState       // claimed, skipped or missed; "": there is no row, the cursor moves alone
	Reason    string         // the word for why it is skipped or missed
	Planned   record.Instant // not to be started before; 0: the slot
	Through   record.Instant // the cursor moves there, never back; 0: it stays
	Role      Role           // that this server must have; "": any
	Epoch     int64          // by which the slot was this server's; 0: by that of now
}

func (c Claim) check() error {
	if c.Timetable == "" {
		return errors.New("a slot of no timetable")
	}
	// The twin is told of them, and believes no others.
	for _, name := range []string{c.Timetable, c.Name, c.Trigger, c.Actor} {
		if err := inert.Name(name); name != "" && err != nil {
			return fmt.Errorf("timetable %s: %s %w", inert.Text(c.Timetable), inert.Text(name), err)
		}
	}
	switch c.State {
	case "":
		return nil
	case RunClaimed, RunSkipped, RunMissed:
	default:
		return fmt.Errorf("timetable %s: %w: it cannot be %q at first", c.Timetable, ErrRunState, c.State)
	}
	if c.Slot <= 0 || c.Attempt < 1 || c.Attempt > MaxAttempt || c.Trigger == "" {
		return fmt.Errorf("timetable %s: slot %v, attempt %d, trigger %q: not a slot", c.Timetable, c.Slot, c.Attempt, c.Trigger)
	}
	return nil
}

// Holds tells whether this server has a role and its epoch still: ErrRole. A
// primary that has heard of a higher epoch is none; any server has the role "".
func (s Self) Holds(role Role, epoch int64) error {
	switch {
	case s.Epoch != epoch:
		return fmt.Errorf("%w: its epoch is %d, not %d", ErrRole, s.Epoch, epoch)
	case role != "" && role != s.Role:
		return fmt.Errorf("%w: it is %s, not %s", ErrRole, s.Role, role)
	case role == Primary && s.Superseded():
		return fmt.Errorf("%w: there is a primary of epoch %d", ErrRole, s.EpochSeen)
	}
	return nil
}

// ClaimRuns writes down what was decided about slots, and moves the cursors of
// their timetables, in one transaction: after a crash both stand, or neither.
// It returns the rows that it wrote. A slot that has its row is left out, but
// its cursor moves. When this server's epoch is another, or its role is not
// what one of the claims wants, nothing is written: ErrRole.
func (n *DB) ClaimRuns(ctx context.Context, epoch int64, claims []Claim) (runs []Run, err error) {
	if len(claims) > MaxClaims {
		return nil, fmt.Errorf("claim %d slots: at most %d", len(claims), MaxClaims)
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range claims {
			if err := self.Holds(c.Role, epoch); err != nil {
				return err
			}
		}
		runs, err = writeClaims(ctx, tx, self, claims)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim slots: %w", err)
	}
	return runs, nil
}

// writeClaims adds the rows, and moves the cursors.
func writeClaims(ctx context.Context, tx *store.Tx, self Self, claims []Claim) (runs []Run, err error) {
	rev, err := lastRev(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, c := range claims {
		if err := c.check(); err != nil {
			return nil, err
		}
		r := c.run(self, now(tx))
		r.Rev = max(rev+1, int64(now(tx)))
		if written, err := writeClaim(ctx, tx, &r); err != nil {
			return nil, err
		} else if written {
			runs, rev = append(runs, r), r.Rev
		}
		if err := moveCursor(ctx, tx, c.Timetable, c.Through); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// run returns the row that a claim asks for.
func (c Claim) run(self Self, at record.Instant) Run {
	r := Run{
		Server: self.Name, Timetable: c.Timetable, Name: c.Name, Slot: c.Slot, Attempt: c.Attempt, Epoch: cmp.Or(c.Epoch, self.Epoch), Role: c.Role,
		Trigger: c.Trigger, Actor: c.Actor, State: c.State, Reason: first(c.Reason, maxReason), Planned: c.Planned,
	}
	if r.Planned == 0 {
		r.Planned = r.Slot
	}
	if r.State.Final() {
		r.Ended = at
	}
	return r
}

// writeClaim adds the row, and fills in its id, unless the slot has its row.
func writeClaim(ctx context.Context, tx *store.Tx, r *Run) (written bool, err error) {
	if r.State == "" {
		return false, nil
	}
	res, err := tx.ExecContext(ctx, `
		INSERT INTO run (server, timetable, name, slot, attempt, epoch, role, trigger, actor, state, reason, planned, ended, rev)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)
		ON CONFLICT (timetable, slot, attempt, server) DO NOTHING`,
		r.Server, r.Timetable, r.Name, r.Slot, r.Attempt, r.Epoch, r.Role, r.Trigger, r.Actor, r.State, r.Reason, r.Planned, r.Ended, r.Rev)
	if err != nil {
		return false, err
	}
	if rows, err := res.RowsAffected(); err != nil || rows == 0 {
		return false, err
	}
	r.ID, err = res.LastInsertId()
	return true, err
}

func moveCursor(ctx context.Context, tx *store.Tx, timetable string, through record.Instant) error {
	if through == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO run_cursor (timetable, through) VALUES (?, ?)
		ON CONFLICT (timetable) DO UPDATE SET through = excluded.through WHERE excluded.through > through`, timetable, through)
	return err
}

// cursorPage is how many cursors are read at once.
const cursorPage = 5000

// RunCursors returns up to which slot each timetable was decided upon here.
func (n *DB) RunCursors(ctx context.Context) (map[string]record.Instant, error) {
	cursors := map[string]record.Instant{}
	for after, more := "", true; more; {
		err := n.db.View(ctx, func(tx *store.Tx) error {
			read := 0
			// The driver would start a goroutine for each row to see a cancelled ctx;
			// a page ends by itself.
			rows, err := tx.QueryContext(context.WithoutCancel(ctx), `
				SELECT timetable, through FROM run_cursor WHERE timetable > ? ORDER BY timetable LIMIT ?`, after, cursorPage)
			if err != nil {
				return err
			}
			defer rows.Close() //nolint:errcheck // Err tells
			for ; rows.Next(); read++ {
				var through record.Instant
				if err := rows.Scan(&after, &through); err != nil {
					return err
				}
				cursors[after] = through
			}
			more = read == cursorPage
			return rows.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("read cursors of timetables: %w", err)
		}
	}
	return cursors, nil
}
