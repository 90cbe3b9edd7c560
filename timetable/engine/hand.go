package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// ErrGoesOn is returned by GiveAway while runs that need the role go on.
var ErrGoesOn = errors.New("what needs the role goes on")

// A Give makes this server a secondary, in one transaction: slots up to an
// instant are settled by claims, and runs that had not begun end with drop.
type Give func(ctx context.Context, at record.Instant, claims []node.Claim, drop []int64) error

// GiveAway gives the role away, now: no slot of what only a primary runs is
// decided upon while it does, and those that are due stand in its claims.
// node.ErrRole on a server that is not primary; ErrGoesOn names what is to end
// first. If give fails nothing was changed.
func (e *Engine) GiveAway(ctx context.Context, give Give) error {
	return e.ask(ctx, func(ctx context.Context, d *desk) error {
		now := d.clock.peek()
		d.gather()
		if err := d.look(ctx, now); err != nil {
			return err
		}
		if err := d.end(ctx, now); err != nil {
			return err
		}
		if d.here.Role != node.Primary {
			return fmt.Errorf("%w: it is no primary", node.ErrRole)
		}
		drop, err := d.unbegun(ctx)
		if err != nil {
			return err
		}
		claims := d.handOver(now)
		if err := give(ctx, now, claims, drop); err != nil {
			return err
		}
		for _, c := range claims {
			one := d.entries[c.Timetable]
			one.through = max(one.through, c.Through)
		}
		d.forgetRuns(drop)
		return nil
	})
}

// unbegun returns the runs that need the role and have not begun: ErrGoesOn if
// one has.
func (d *desk) unbegun(ctx context.Context) (ids []int64, err error) {
	open, err := d.e.o.Ledger.UnendedRuns(ctx)
	if err != nil {
		return nil, err
	}
	var live []string
	for _, r := range open {
		switch {
		case r.Role != node.Primary:
		case r.State == node.RunClaimed:
			ids = append(ids, r.ID)
		default:
			live = append(live, fmt.Sprintf("%s (run %d)", r.Name, r.ID))
		}
	}
	if len(live) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrGoesOn, strings.Join(live, ", "))
	}
	return ids, nil
}

// forgetRuns forgets runs that wait, and have ended in the ledger.
func (d *desk) forgetRuns(ids []int64) {
	for _, id := range ids {
		if r := d.takeWaiting(id); r != nil {
			r.e.waiting--
			d.waiting--
			continue
		}
		if r, ok := d.running[id]; ok { // it was asked whether it can run
			r.why = WhyHandover
		}
	}
}

// handOver returns the claims of all slots that are due and only a primary runs.
func (d *desk) handOver(now record.Instant) (claims []node.Claim) {
	for _, e := range d.entries {
		c := d.caseOf(e, now)
		c.absences = slices.Clip(c.absences)
		if d.heldFrom != 0 {
			c.absences = append(c.absences, absence{record.Span{From: d.heldFrom, To: now + 1}, WhyHeld})
		}
		if d.drains != 0 {
			c.absences = append(c.absences, d.drained(now))
		}
		claims = append(claims, handOver(c)...)
	}
	return sorted(claims)
}

// HandOver returns what GiveAway claims, on a server whose engine does not run:
// by its cursors, and where it stands.
func HandOver(list []timetable.Timetable, cursors map[string]record.Instant, here Here, now record.Instant) (claims []node.Claim) {
	down := []absence{{record.Span{To: now + 1}, WhyDown}}
	for _, t := range list {
		if through := cursors[t.ID]; through != 0 {
			claims = append(claims, handOver(Case{Timetable: t, Now: now, Through: through, Here: here, absences: down})...)
		}
	}
	return sorted(claims)
}

// handOver decides upon the slots of a timetable that are due, as if they could
// run here: those that could are the next primary's.
func handOver(c Case) []node.Claim {
	if c.Timetable.NeedsRole() != node.Primary {
		return nil
	}
	c.Here.Held, c.Here.Draining, c.Live, c.Waiting = "", false, 0, 0
	justDue := absence{record.Span{From: c.Now.Add(-prompt), To: c.Now + 1}, WhyDrain}
	c.absences = append([]absence{justDue}, c.absences...)
	claims := Decide(c).Claims
	for i := range claims {
		if one := &claims[i]; one.State == node.RunClaimed {
			one.State, one.Reason, one.Trigger, one.Planned = node.RunMissed, WhyHandover, BySchedule, 0
		}
	}
	return claims
}

func sorted(claims []node.Claim) []node.Claim {
	slices.SortFunc(claims, func(a, b node.Claim) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Timetable, b.Timetable))
	})
	return claims
}

// CancelRole cancels what goes on and needs the role, and returns how many runs
// it told to end: they have ended when the ledger says so. repeatable: only what
// may run twice, and the next primary runs it again.
func (e *Engine) CancelRole(ctx context.Context, repeatable bool, actor string) (n int, err error) {
	why := "by " + actor
	if repeatable {
		why = WhyRole
	}
	err = e.ask(ctx, func(_ context.Context, d *desk) error {
		for _, r := range d.running {
			if r.row.Role != node.Primary || r.asking || repeatable && !r.e.t.AtLeastOnce {
				continue
			}
			r.stop(why)
			n++
		}
		return nil
	})
	return n, err
}
