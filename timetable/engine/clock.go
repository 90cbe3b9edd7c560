package engine

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// steps is how far the wall clock may drift from the monotonic one between two
// looks before somebody set it, or the machine was asleep.
const steps = 2 * time.Second

// A clock reads the wall clock and notices when it is set.
type clock struct {
	now  func() time.Time
	wall time.Time // as read last, without its monotonic reading
	mono time.Time // the machine's clock then, for the monotonic reading it has
}

func newClock(now func() time.Time) clock {
	return clock{now: now, wall: now().Round(0), mono: time.Now()}
}

// read returns the wall clock, and by how much it was set since the last time:
// ahead if that is positive, 0 if it was not.
func (c *clock) read() (now record.Instant, step time.Duration) {
	wall, mono := c.now().Round(0), time.Now()
	drift := wall.Sub(c.wall) - mono.Sub(c.mono)
	c.wall, c.mono = wall, mono
	if drift.Abs() > steps {
		step = drift
	}
	return record.At(wall), step
}

// peek reads the wall clock without a look at whether it was set.
func (c *clock) peek() record.Instant { return record.At(c.now()) }

// step notes that the clock was set. Ahead, nothing that it leapt over could
// start. Back, the slots that are ahead of it now come again: those that have
// their row are left out.
func (d *desk) step(now record.Instant, by time.Duration) {
	d.e.o.Log.Warn("the clock was set, or the machine was asleep", "by", by.Round(time.Millisecond).String(), "now", now.String())
	d.stepped, d.lastStep = now, by
	if by > 0 {
		d.absences = append(d.absences, absence{record.Span{From: now.Add(-by), To: now}, WhyClockStep})
		return
	}
	d.rewound = true
	for _, e := range d.entries {
		if e.through > now {
			e.through = now
		}
		e.decided = min(e.decided, now)
		if d.here.arms(e.t) {
			d.agenda.set(e, d.first(e, now))
		}
	}
}

// throughBefore returns up to where a timetable was decided upon before the
// clock was ahead, by its rows: one that ended later than now, or before its
// slot, was written then.
func (d *desk) throughBefore(ctx context.Context, id string, now record.Instant) (record.Instant, error) {
	rows, err := d.e.o.Ledger.Runs(ctx, node.RunQuery{Timetables: []string{id}, Server: d.here.Server, Before: now + 1})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if r.Ended <= now && (r.Ended == 0 || r.Slot <= r.Ended) && r.Trigger != ByPerson && r.Trigger != ByBackfill {
			return r.Slot, nil
		}
	}
	return now, nil
}

// forget drops absences that no slot can lie in any more.
func (d *desk) forget(now record.Instant) {
	const most = 100
	for len(d.absences) > 0 && (len(d.absences) > most || d.absences[0].span.To < now.Add(-horizon)) {
		d.absences = d.absences[1:]
	}
}
