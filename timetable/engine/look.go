package engine

import (
	"container/heap"
	"context"
	"errors"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// look sees what changed: where this server stands, and what is administered.
func (d *desk) look(ctx context.Context, now record.Instant) error {
	here, err := d.e.o.Here(ctx)
	if err != nil {
		return err
	}
	if here != d.here {
		if err := d.move(ctx, here, now); err != nil {
			return err
		}
	}
	generation, err := d.e.o.Generation(ctx)
	if err != nil || generation == d.generation {
		return err
	}
	list, err := d.e.o.Timetables(ctx, d.generation)
	if err != nil {
		return err
	}
	if err := d.settle(ctx, now); err != nil { // by what stood until now
		return err
	}
	if err := d.edit(ctx, list, now); err != nil {
		return err
	}
	d.generation = list.Generation
	return nil
}

// move goes on where this server stands now. What it may not run any more is
// cancelled, and what it had not begun is given up: its twin runs that.
func (d *desk) move(ctx context.Context, here Here, now record.Instant) error {
	before := d.here
	d.here = here
	if err := d.moveFrom(ctx, before, now); err != nil {
		d.here = before // it is done again, and does no harm twice
		return err
	}
	return nil
}

func (d *desk) moveFrom(ctx context.Context, before Here, now record.Instant) error {
	here := d.here
	changed := before.Role != here.Role || before.Epoch != here.Epoch
	if changed {
		d.e.o.Log.Info("the role changed", "role", string(here.Role), "epoch", here.Epoch)
		if err := d.disarm(ctx, before, now); err != nil {
			return err
		}
		t, err := readTold(ctx, d.e.o.Ledger, now)
		if err != nil {
			return err
		}
		d.told = t
	}
	switch {
	case here.Held != "" && d.heldFrom == 0:
		d.heldFrom = now
	case here.Held == "" && d.heldFrom != 0:
		d.absences = append(d.absences, absence{record.Span{From: d.heldFrom, To: now + 1}, WhyHeld})
		d.heldFrom = 0
	}
	d.drain(now)
	if here.Maintenance.Holds(now) || changed || before.Held != "" && here.Held == "" || before.Draining && !here.Draining {
		if err := d.giveUpBarred(ctx, now); err != nil {
			return err
		}
	}
	return d.arm(ctx, now, !changed)
}

// disarm settles what was due and put off while this server had the role, and
// cancels the runs that it may not go on with.
func (d *desk) disarm(ctx context.Context, before Here, now record.Instant) error {
	var claims []node.Claim
	for _, e := range d.entries {
		if !before.arms(e.t) || d.here.arms(e.t) {
			continue
		}
		c := Case{Timetable: e.t, Now: now, Through: e.through, Here: before}
		c.Here.Held = ""
		slots, _, _ := c.slots()
		for _, slot := range slots {
			at := record.At(slot)
			claims = append(claims, node.Claim{
				Timetable: e.t.ID, Name: e.t.Name, Slot: at, Attempt: 1, Trigger: BySchedule,
				State: node.RunMissed, Reason: WhyHandover, Through: at, Epoch: before.Epoch,
			})
		}
	}
	if _, err := d.claim(ctx, claims); err != nil {
		return err
	}
	for _, c := range claims {
		e := d.entries[c.Timetable]
		e.through = max(e.through, c.Through)
	}
	for _, r := range d.running {
		if !d.here.arms(r.e.t) && !r.asking { // that has not begun
			r.stop(WhyRole)
		}
	}
	return nil
}

// giveUpBarred ends the runs that wait and must not begin any more; all others
// line up anew.
func (d *desk) giveUpBarred(ctx context.Context, now record.Instant) error {
	var all, stay line
	all, d.line = d.line, nil
	for _, e := range d.entries {
		all = append(all, e.blocked...)
		e.blocked = nil
	}
	for i, r := range all {
		state, why := d.bars(r, now)
		if why == "" {
			stay = append(stay, r)
			continue
		}
		if err := d.giveUp(ctx, r, state, why); err != nil {
			d.line = append(stay, all[i:]...)
			heap.Init(&d.line)
			return err
		}
	}
	d.line = stay
	heap.Init(&d.line)
	return nil
}

// edit takes over what is administered now.
func (d *desk) edit(ctx context.Context, list List, now record.Instant) error {
	d.counted = nil
	var began []*entry
	for _, t := range list.Timetables {
		if e := d.set(t, now); e.unnoted {
			began = append(began, e)
		}
	}
	for _, e := range d.goneIn(list) {
		d.drop(e)
	}
	d.unreadable = list.Unreadable
	return d.note(ctx, began)
}

// goneIn returns the entries that a list has no timetable for any more.
func (d *desk) goneIn(list List) (gone []*entry) {
	if list.Since != 0 {
		for _, id := range list.Gone {
			if e, ok := d.entries[id]; ok {
				gone = append(gone, e)
			}
		}
		return gone
	}
	there := make(map[string]bool, len(list.Timetables))
	for _, t := range list.Timetables {
		there[t.ID] = true
	}
	for id, e := range d.entries {
		if !there[id] {
			gone = append(gone, e)
		}
	}
	return gone
}

// set takes over one timetable, and returns its entry: a schedule that is new
// here begins now, which is to be noted.
func (d *desk) set(t timetable.Timetable, now record.Instant) *entry {
	e, known := d.entries[t.ID]
	if known && e.t.Mark == t.Mark {
		return e
	}
	if !known {
		e = d.entryFor(t.ID, now)
		d.entries[t.ID] = e
	}
	begins := !known || !e.t.Schedule.Equal(t.Schedule) || !d.here.arms(e.t)
	if e.t = t; known {
		e.failures = 0
	}
	if !d.here.arms(t) {
		d.agenda.set(e, 0)
		for _, r := range d.running {
			if r.e == e && !r.asking {
				r.stop(WhyRole)
			}
		}
		return e
	}
	if begins || t.MustFinish == 0 {
		d.payAll(e)
	}
	if begins {
		e.through, e.unnoted = max(e.through, now), true
	}
	d.agenda.set(e, d.first(e, now))
	return e
}

// entryFor returns the entry of a timetable that is new here: that of before,
// if it was deleted and is back while a run of it goes on.
func (d *desk) entryFor(id string, now record.Instant) *entry {
	for _, r := range d.running {
		if r.row.Timetable == id {
			return r.e
		}
	}
	return &entry{seen: now, fresh: true, index: -1, failures: -1}
}

// drop forgets a timetable that is not there any more: what waits of it is
// cancelled, what runs goes on to its end.
func (d *desk) drop(e *entry) {
	d.agenda.set(e, 0)
	delete(d.entries, e.t.ID)
	delete(d.owed, e)
	for _, r := range d.line {
		if r.e == e {
			r.why, r.row.Planned = WhyDeleted, 0
		}
	}
	for _, r := range e.blocked {
		r.why, r.row.Planned = WhyDeleted, 0
		d.line = append(d.line, r)
	}
	for _, r := range d.running {
		if r.e == e && r.asking {
			r.why = WhyDeleted
		}
	}
	e.blocked = nil
	heap.Init(&d.line)
}

// gather takes what else ended meanwhile.
func (d *desk) gather() {
	for {
		select {
		case o := <-d.e.ended:
			d.endings = append(d.endings, o)
		default:
			return
		}
	}
}

// stop ends everything: what runs is interrupted, and written down.
func (d *desk) stop(ctx context.Context) {
	for _, r := range d.running {
		r.stop(whyStopped)
	}
	for len(d.running) > len(d.endings) {
		d.endings = append(d.endings, <-d.e.ended)
	}
	for _, o := range d.endings {
		if o.asked {
			continue // it waits again with the next twind
		}
		r := d.running[o.id]
		end := endOf(r, o)
		var err error
		if end.State == node.RunInterrupted && r.e.t.AtLeastOnce && d.entries[r.e.t.ID] == r.e {
			err = d.tryAgain(ctx, r.row, r.row.Planned)
		}
		if err = errors.Join(err, d.endOne(ctx, r, end)); err != nil {
			d.e.o.Log.Error("what came of a run cannot be written down: it will be taken for interrupted", "run", o.id, "err", err)
		}
	}
}

// restarts is how often what was interrupted is run again: it may be what ends
// twind each time.
const restarts = 3

// recover ends what an earlier run of twind left open. What had not begun
// waits again; what had is run again if it may be run twice.
func (d *desk) recover(ctx context.Context, now record.Instant) error {
	open, err := d.e.o.Ledger.UnendedRuns(ctx)
	if err != nil {
		return err
	}
	d.line, d.waiting = nil, 0
	for _, row := range open {
		e := d.entries[row.Timetable]
		end, again := afterRestart(row, e, d.here)
		if again { // first: a crash in between must not lose it
			if err := d.tryAgain(ctx, row, now); err != nil {
				return err
			}
		}
		if end.State == "" {
			d.lineUp(row)
			continue
		}
		if err := d.e.o.Ledger.EndRun(ctx, row.ID, end); err != nil {
			return err
		}
		d.e.o.Log.Warn("a run did not end before twind did", "timetable", row.Name, "run", row.ID, "is", string(end.State), "reason", end.Reason, "again", again)
	}
	return nil
}

// afterRestart says how a run ends that was open when twind ended ("": it
// waits as before), and whether it is run again. e is its timetable, nil if
// there is none any more.
func afterRestart(row node.Run, e *entry, here Here) (end node.RunEnd, again bool) {
	began := row.State == node.RunRunning
	switch {
	case e == nil && began, began && !here.arms(e.t):
		return node.RunEnd{State: node.RunInterrupted, Reason: WhyDown}, false
	case e == nil:
		return node.RunEnd{State: node.RunMissed, Reason: WhyDeleted}, false
	case began:
		return node.RunEnd{State: node.RunInterrupted, Reason: WhyDown}, e.t.AtLeastOnce && row.Attempt <= max(restarts, e.t.Retries)
	case !here.arms(e.t), row.Role != "" && row.Epoch != here.Epoch:
		return node.RunEnd{State: node.RunMissed, Reason: WhyHandover}, false
	}
	return node.RunEnd{}, false
}
