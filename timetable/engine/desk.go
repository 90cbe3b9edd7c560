package engine

import (
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// A desk is what the one goroutine has before it; nobody else touches it.
type desk struct {
	e          *Engine
	begun      bool // it knows where things stand
	here       Here
	generation int64
	entries    map[string]*entry
	unreadable []Unreadable
	agenda     agenda
	line       line           // runs that wait for their time or for a place
	waiting    int            // runs that are claimed and have not begun, there or blocked
	running    map[int64]*run // by id
	endings    []outcome      // that nobody looked at yet

	clock    clock
	absences []absence
	heldFrom record.Instant // 0: nothing is held
	drains   record.Instant // since when the role is being moved; 0: it is not
	told     told
	rewound  bool // slots may come that have a row already: the clock went back
	stepped  record.Instant
	lastStep time.Duration
	owed     map[*entry]bool // of which a slot waits for a run that does well
	counted  *State          // counts that need a look at every entry; nil: they are to be made anew
	recount  record.Instant  // when they are again; 0: when something changes
}

func newDesk(e *Engine) *desk {
	return &desk{
		e: e, entries: map[string]*entry{}, running: map[int64]*run{}, owed: map[*entry]bool{}, clock: newClock(e.o.Now),
	}
}

// begin reads where things stand: what went on when the last run of twind
// ended, and which slots passed since.
func (d *desk) begin(ctx context.Context) error {
	now, _ := d.clock.read()
	here, err := d.e.o.Here(ctx)
	if err != nil {
		return err
	}
	cursors, err := d.e.o.Ledger.RunCursors(ctx)
	if err != nil {
		return err
	}
	list, err := d.e.o.Timetables(ctx, 0)
	if err != nil {
		return err
	}
	if d.told, err = readTold(ctx, d.e.o.Ledger, now); err != nil {
		return err
	}
	d.here, d.generation, d.unreadable = here, list.Generation, list.Unreadable
	d.absences = []absence{{record.Span{To: now}, WhyDown}}
	if here.Held != "" {
		d.heldFrom = now
	}
	if here.Draining {
		d.drains = now
	}
	d.entries = make(map[string]*entry, len(list.Timetables))
	clear(d.owed)
	d.agenda = nil
	for _, t := range list.Timetables {
		e := &entry{t: t, through: cursors[t.ID], seen: now, index: -1, failures: -1}
		if e.through > now { // it was written while the clock was ahead
			if e.through, err = d.throughBefore(ctx, t.ID, now); err != nil {
				return err
			}
			d.rewound = true
		}
		d.entries[t.ID] = e
	}
	if err := d.readMade(ctx); err != nil {
		return err
	}
	if d.e.o.Settle != nil {
		if err := d.e.o.Settle(ctx); err != nil {
			return err
		}
	}
	if err := d.recover(ctx, now); err != nil {
		return err
	}
	if err := d.readOwed(ctx); err != nil {
		return err
	}
	return d.arm(ctx, now, d.promotedBefore(cursors))
}

// readMade reads when timetables were made that no twind has seen yet.
func (d *desk) readMade(ctx context.Context) error {
	var ids []string
	for id, e := range d.entries {
		if e.through == 0 && d.here.arms(e.t) {
			ids = append(ids, id)
		}
	}
	if d.e.o.Begun == nil || len(ids) == 0 {
		return nil
	}
	begun, err := d.e.o.Begun(ctx, ids)
	for id, at := range begun {
		d.entries[id].made = at
	}
	return err
}

// begins returns from when on a timetable has slots here that nothing was ever
// decided upon, and whether nobody else could have decided upon one: it was made
// since this server has the role for it. What is older, or of a clock that was
// ahead, begins now.
func (d *desk) begins(e *entry, now record.Instant) (from record.Instant, own bool) {
	if e.made == 0 || e.made > now || e.t.NeedsRole() != "" && e.made < d.here.Since {
		return now, false
	}
	return e.made, true
}

// promotedBefore tells whether the slots of before this server's role were
// looked at already: then a timetable without a cursor is a new one.
func (d *desk) promotedBefore(cursors map[string]record.Instant) bool {
	for id, through := range cursors {
		if e, ok := d.entries[id]; ok && e.t.NeedsRole() != "" && d.here.arms(e.t) && through >= d.here.owned() {
			return true
		}
	}
	return false
}

// arm puts all entries on the agenda anew, as this server stands now. New ones
// begin when they were made, or now; of what the twin ran before, the agenda goes
// on where it ended. promoted says that this was done before for the role that
// this server has.
func (d *desk) arm(ctx context.Context, now record.Instant, promoted bool) error {
	var began []*entry
	d.counted = nil
	for _, e := range d.entries {
		if !d.here.arms(e.t) {
			d.agenda.set(e, 0)
			continue
		}
		needs := e.t.NeedsRole() != ""
		decided := e.through
		begins, own := d.begins(e, now)
		theirs := needs && e.through < d.here.owned() && d.told.whole != 0 && !((promoted || own) && e.through == 0)
		switch {
		case theirs:
			e.through = d.told.from(e, d.here)
		case e.through == 0:
			e.through, e.unnoted = begins, true
		}
		if needs {
			e.through, e.decided = d.told.reopen(e.t.ID, e.through), max(e.decided, decided)
		}
		if e.unnoted {
			began = append(began, e)
		}
		d.agenda.set(e, d.first(e, now))
	}
	return d.note(ctx, began)
}

// note writes down from when on timetables have slots here. What it cannot
// write is noted the next time.
func (d *desk) note(ctx context.Context, began []*entry) error {
	for some := range slices.Chunk(began, node.MaxClaims) {
		moves := make([]node.Claim, len(some))
		for i, e := range some {
			moves[i] = move(e.t, e.through)
		}
		if _, err := d.claim(ctx, moves); err != nil {
			return err
		}
		for _, e := range some {
			e.unnoted = false
		}
	}
	return nil
}

// first returns when an entry is to be looked at: 0 while it is held.
func (d *desk) first(e *entry, now record.Instant) record.Instant {
	if d.here.holds(e.t) {
		return 0
	}
	if e.t.NeedsRole() != "" && e.through < d.here.owned() {
		return now // also to note that there was nothing
	}
	slot, ok := e.t.Schedule.Next(e.through.Time())
	if !ok {
		return 0
	}
	return d.here.due(e.t, slot)
}

// move is the claim that moves a cursor alone.
func move(t timetable.Timetable, through record.Instant) node.Claim {
	return node.Claim{Timetable: t.ID, Name: t.Name, Through: through, Role: t.NeedsRole()}
}

// A pass sees what changed, settles what is due and starts what may start. It
// returns how long there is nothing to do.
func (d *desk) pass(ctx context.Context) (time.Duration, error) {
	now, stepped := d.clock.read()
	if stepped != 0 {
		d.step(now, stepped)
	}
	d.gather()
	// First: whatever else a pass writes fails as long as the role is another
	// than it goes by.
	if err := d.look(ctx, now); err != nil {
		return 0, err
	}
	if err := d.end(ctx, now); err != nil {
		return 0, err
	}
	if err := d.settle(ctx, now); err != nil {
		return 0, err
	}
	if err := d.admit(ctx, now); err != nil {
		return 0, err
	}
	d.forget(now)
	d.publish(now)
	return d.idle(now), nil
}

// idle returns for how long there is nothing to do.
func (d *desk) idle(now record.Instant) time.Duration {
	wait := longSleep
	if len(d.running) > 0 {
		wait = shortSleep
	}
	if len(d.endings) > 0 {
		return 0
	}
	if at := d.agenda.next(); at != 0 {
		wait = min(wait, at.Sub(now))
	}
	if len(d.line) > 0 && len(d.running) < d.e.o.AtOnce {
		wait = min(wait, d.line[0].row.Planned.Sub(now))
	}
	return wait
}

// settle decides upon all that is due, and writes it down, at most so many
// slots in a transaction.
func (d *desk) settle(ctx context.Context, now record.Instant) error {
	var batch []node.Claim
	flush := func() error {
		for len(batch) > 0 {
			n := min(len(batch), node.MaxClaims)
			if err := d.write(ctx, batch[:n]); err != nil {
				return err
			}
			batch = batch[n:]
		}
		return nil
	}
	var decided []*entry
	for len(d.agenda) > 0 && d.agenda[0].at <= now {
		e := d.agenda[0]
		v := Decide(d.caseOf(e, now))
		if v.Lost > 0 {
			d.e.o.Log.Warn("slots passed so long ago that they have no row in the ledger", "timetable", e.t.Name, "slots", v.Lost)
		}
		if v.Cancel {
			d.cancelRuns(e, WhyOverlap)
		}
		if e.t.NeedsRole() != "" && max(e.through, v.Through) < d.here.owned() {
			v.Claims = append(v.Claims, move(e.t, now))
		}
		batch = append(batch, v.Claims...)
		d.agenda.set(e, v.Next)
		decided = append(decided, e)
		if len(batch) < node.MaxClaims {
			continue
		}
		if err := d.orAgain(flush(), decided, now); err != nil {
			return err
		}
		decided = decided[:0]
	}
	return d.orAgain(flush(), decided, now)
}

// orAgain puts entries whose decision could not be written down on the agenda
// again: it is made anew.
func (d *desk) orAgain(err error, decided []*entry, now record.Instant) error {
	if err != nil {
		for _, e := range decided {
			d.agenda.set(e, now)
		}
	}
	return err
}

func (d *desk) caseOf(e *entry, now record.Instant) Case {
	return Case{
		Timetable: e.t, Now: now, Through: e.through, Here: d.here,
		Live: e.running + e.waiting, Waiting: e.waiting, absences: d.absences,
		Told: d.told.runs[e.t.ID], ToldThrough: d.told.last[e.t.ID],
		Given: d.told.given[e.t.ID], Decided: e.decided,
	}
}

// write writes claims down and lines up what is to run.
func (d *desk) write(ctx context.Context, claims []node.Claim) error {
	rows, err := d.claim(ctx, claims)
	if err != nil {
		return err
	}
	if d.rewound {
		again, err := d.again(ctx, claims, rows)
		if err != nil {
			return err
		}
		rows = append(rows, again...)
	}
	for _, c := range claims {
		e := d.entries[c.Timetable]
		e.through = max(e.through, c.Through)
		maps.DeleteFunc(d.told.given[c.Timetable], func(slot record.Instant, _ node.Run) bool { return slot <= c.Through })
		d.owe(e, c)
	}
	for _, row := range rows {
		if row.State == node.RunClaimed {
			d.lineUp(row)
		}
	}
	return nil
}

func (d *desk) claim(ctx context.Context, claims []node.Claim) (rows []node.Run, err error) {
	for len(claims) > 0 {
		n := min(len(claims), node.MaxClaims)
		some, err := d.e.o.Ledger.ClaimRuns(ctx, d.here.Epoch, claims[:n])
		if err != nil {
			return rows, fmt.Errorf("timetables: %w", err)
		}
		rows, claims = append(rows, some...), claims[n:]
	}
	return rows, nil
}

// again claims once more what has a row that says that it did not run: the
// clock was ahead and went back, and now it is due.
func (d *desk) again(ctx context.Context, claims []node.Claim, rows []node.Run) (more []node.Run, err error) {
	wrote := make(map[string]bool, len(rows))
	key := func(timetable string, slot record.Instant) string { return fmt.Sprint(timetable, "@", int64(slot)) }
	for _, r := range rows {
		wrote[key(r.Timetable, r.Slot)] = true
	}
	for _, c := range claims {
		if c.State != node.RunClaimed || wrote[key(c.Timetable, c.Slot)] {
			continue
		}
		of := node.RunQuery{Timetables: []string{c.Timetable}, Server: d.here.Server, Since: c.Slot, Before: c.Slot + 1, Limit: 1}
		before, err := d.e.o.Ledger.Runs(ctx, of)
		if err != nil {
			return nil, err
		}
		if len(before) == 0 || before[0].State != node.RunMissed && before[0].State != node.RunSkipped {
			continue
		}
		c.Attempt = before[0].Attempt + 1
		some, err := d.claim(ctx, []node.Claim{c})
		if err != nil {
			return nil, err
		}
		more = append(more, some...)
	}
	return more, nil
}

// lineUp puts a claimed run where it waits to begin.
func (d *desk) lineUp(row node.Run) { d.lineUpFor(d.entries[row.Timetable], row) }

func (d *desk) lineUpFor(e *entry, row node.Run) {
	e.waiting++
	d.waiting++
	heap.Push(&d.line, &run{row: row, e: e})
}
