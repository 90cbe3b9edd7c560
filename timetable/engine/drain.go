package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable/task"
)

// errMoved is returned when this server stands elsewhere than the pass went by.
var errMoved = errors.New("where this server stands changed meanwhile")

// drain notes that the role begins or ends to be moved. Where it stays, what
// waited for that is late by no fault of its own.
func (d *desk) drain(now record.Instant) {
	switch {
	case d.here.Draining && d.drains == 0:
		d.drains = now
	case !d.here.Draining && d.drains != 0:
		d.absences = append(d.absences, d.drained(now))
		d.drains = 0
		waits := slices.Clone(d.line)
		for _, e := range d.entries {
			waits = append(waits, e.blocked...)
		}
		for _, r := range waits { // they line up anew after this
			if r.row.Role == node.Primary {
				r.row.Planned = max(r.row.Planned, now)
			}
		}
	}
}

// drained is the stretch in which the role was being moved: also of the slots
// that had just become due.
func (d *desk) drained(now record.Instant) absence {
	return absence{record.Span{From: d.drains.Add(-prompt), To: now + 1}, WhyDrain}
}

// stands tells whether this server still stands where the pass saw it, as far as
// a run depends on it: errMoved. Between two looks the machine may have slept.
func (d *desk) stands(ctx context.Context, r *run) error {
	if r.e.t.NeedsRole() == "" {
		return nil
	}
	here, err := d.e.o.Here(ctx)
	if err == nil && (!here.arms(r.e.t) || here.Held != "") {
		err = errMoved
	}
	return err
}

// unstart ends a run that began in the ledger alone: none of its tasks did. The
// slot gets another attempt, for when this server may again.
func (d *desk) unstart(ctx context.Context, r *run, why error) error {
	r.why = WhyHeld
	if !r.isProbe() && d.tryAgain(ctx, r.row, r.row.Planned) != nil {
		r.why = WhyRole // as far as can be told: whoever has it goes on
	}
	d.endings = append(d.endings, outcome{id: r.row.ID, Outcome: task.Outcome{State: task.Cancelled}})
	return why
}
