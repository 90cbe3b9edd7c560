package engine

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// A Backfill is slots of the past that are run after all, now.
type Backfill struct {
	Timetable string // its key
	Span      record.Span
	Failed    bool // also those that failed, were cancelled or interrupted
	All       bool // also those that did well
	Actor     string
}

const (
	mostBackfill = 1000    // slots that a backfill may have
	mostLooked   = 200_000 // slots that it looks at to find them
)

// A Backfilled is a slot that a backfill runs, and the run that says what became
// of it before: the twin's where that went further; the zero Run if nothing is
// known of it.
type Backfilled struct {
	node.Claim

	Was node.Run
}

// PlanBackfill returns the slots that a backfill runs on a server of that epoch,
// by what its ledger has of them. On days on which a calendar lets nothing run
// it runs nothing either. ErrStretch: there are too many.
func PlanBackfill(ctx context.Context, l Ledger, t timetable.Timetable, b Backfill, epoch int64) ([]Backfilled, error) {
	slots := pasts{}
	of := node.RunQuery{Timetables: []string{t.ID}, Since: b.Span.From, Before: b.Span.To}
	err := eachRun(ctx, l, of, func(r node.Run) {
		if r.Theirs == 0 || t.NeedsRole() != "" { // of all others each server runs its own
			slots.add(r)
		}
	})
	if err != nil {
		return nil, err
	}
	return planBackfill(t, b, slots, epoch)
}

func planBackfill(t timetable.Timetable, b Backfill, slots pasts, epoch int64) (all []Backfilled, err error) {
	after := (b.Span.From - 1).Time()
	for looked := 0; ; looked++ {
		slot, ok := t.Schedule.Next(after)
		at := record.At(slot)
		if !ok || at >= b.Span.To {
			return all, nil
		}
		if looked == mostLooked {
			return nil, fmt.Errorf("backfill %s: more than %d slots to look at: %w", t.Name, mostLooked, ErrStretch)
		}
		past := slots[at]
		was := past.was(epoch)
		if after = slot; !t.IsOpen(slot) || !b.wants(was, epoch) {
			continue
		}
		if len(all) == mostBackfill {
			return nil, fmt.Errorf("backfill %s: more than %d slots: %w", t.Name, mostBackfill, ErrStretch)
		}
		all = append(all, Backfilled{node.Claim{
			Timetable: t.ID, Name: t.Name, Slot: at, Attempt: past.own.Attempt + 1, Trigger: ByBackfill, Actor: b.Actor,
			State: node.RunClaimed, Role: t.NeedsRole(),
		}, was})
	}
}

// A past is the last attempts at a slot, here and on the twin; the zero Run is of
// a server that has none.
type past struct{ own, theirs node.Run }

// pasts are those of several slots.
type pasts map[record.Instant]past

// add takes a run in; they come in any order.
func (p pasts) add(r node.Run) {
	slot := p[r.Slot]
	last := &slot.own
	if r.Theirs != 0 {
		last = &slot.theirs
	}
	if last.Attempt < r.Attempt {
		*last = r
	}
	p[r.Slot] = slot
}

// was returns the run that says what became of the slot. What is in doubt is so,
// and a person's to say, until the twin tells that it did it.
func (p past) was(epoch int64) node.Run {
	doubt := p.own.State == node.RunMissed && p.own.Reason == WhyDoubt
	if doubt && reached(p.theirs, epoch) < done || reached(p.own, epoch) >= reached(p.theirs, epoch) {
		return p.own
	}
	return p.theirs
}

// How far a slot came.
const (
	unknown = iota
	unbegun // it was decided not to run, or could not
	begun   // it did not do well
	done
	goingOn
)

// reached tells how far a run brought its slot, for a server of that epoch. What
// the twin claimed by an earlier one, and told no end of, goes on no more: it
// had the role then, and this server has it now.
func reached(r node.Run, epoch int64) int {
	switch r.State {
	case "":
		return unknown
	case node.RunSkipped, node.RunMissed:
		return unbegun
	case node.RunFailed, node.RunTimeout, node.RunCancelled, node.RunInterrupted:
		return begun
	case node.RunOK:
		return done
	case node.RunClaimed, node.RunRunning:
		if r.Theirs != 0 && r.Epoch < epoch {
			return begun
		}
	}
	return goingOn
}

// wants tells whether a slot is run again of which this is what became.
func (b Backfill) wants(r node.Run, epoch int64) bool {
	switch reached(r, epoch) {
	case unknown, unbegun:
		return true
	case begun:
		return b.Failed || b.All
	case done:
		return b.All
	}
	return false
}

// Backfill runs slots of the past: one after another, behind what waits
// already. It returns them as claimed.
func (e *Engine) Backfill(ctx context.Context, b Backfill) (rows []node.Run, err error) {
	err = e.ask(ctx, func(ctx context.Context, d *desk) error {
		entry, err := d.startable(ctx, b.Timetable)
		if err != nil {
			return err
		}
		b.Span.To = min(b.Span.To, entry.through+1) // what comes is not of the past
		slots, err := PlanBackfill(ctx, d.e.o.Ledger, entry.t, b, d.here.Epoch)
		if err != nil {
			return err
		}
		claims := make([]node.Claim, len(slots))
		for i, slot := range slots {
			claims[i] = slot.Claim
			claims[i].Planned = d.clock.peek() // by their slots they would go before all that waits
		}
		rows, err = d.claim(ctx, claims)
		for _, r := range rows {
			d.lineUp(r)
		}
		return err
	})
	return rows, err
}
