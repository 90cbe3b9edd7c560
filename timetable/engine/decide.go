package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

const (
	// prompt is how late a slot may start and be due still; after that it has
	// passed, and the timetable says what becomes of it.
	prompt = 30 * time.Second
	// mostSlots is how many slots of a timetable get a row of those that passed
	// in an absence: of one that runs each minute, those of a week.
	mostSlots = 10_000
	// horizon is how far back they may lie: nothing older is kept in the ledger.
	horizon = 90 * 24 * time.Hour
)

// The triggers of a run.
const (
	BySchedule  = "schedule"
	ByPerson    = "manual"
	ByCatchUp   = "catch-up"
	ByBackfill  = "backfill"
	ByRetry     = "retry"
	ByPromotion = "promotion"  // the role was moved, or was to be, when it was due
	BySwitch    = "switchover" // proof that this server can run what needs the role
)

// Why a slot did not run.
const (
	WhyOverlap      = "overlap"
	WhyPaused       = "paused"
	WhyCalendar     = "calendar"
	WhyPrecondition = "precondition" // what it is follows
	WhyDown         = node.RunDown
	WhyRole         = "role"        // the twin may have run it, or its own run was ended with the role
	WhyHandover     = "handed-over" // it had not begun when the role went: whoever has it now runs it
	WhyHeld         = "held"
	WhyMaintenance  = "maintenance"
	WhyClockStep    = "clock-step"
	WhyLate         = "late"
	WhyDrain        = "draining" // the role was being moved, and stayed
	WhyDoubt        = "in-doubt" // the primary of before may have run it: a person is to say
	WhyDeleted      = "deleted"
)

// lacking begins the reason of a slot that lacks something.
const lacking = WhyPrecondition + ": "

// Lacked returns what a slot lacked that was skipped for this reason; "" if that
// is another one.
func Lacked(reason string) string {
	if what, ok := strings.CutPrefix(reason, lacking); ok {
		return what
	}
	return ""
}

// A Case is one timetable at one moment: all that a decision is made from.
type Case struct {
	Timetable timetable.Timetable
	Now       record.Instant
	Through   record.Instant // slots up to there are settled
	Here      Here
	Live      int // runs of it that have not ended
	Waiting   int // of those, the ones that have not begun
	// Told are the runs that the twin left open, and its late ones, by slot, and
	// ToldThrough the last slot that it told of: it decided upon all up to there.
	Told        map[record.Instant]node.Run
	ToldThrough record.Instant
	// Given are the runs that this server gave up with the role, by slot, and
	// Decided up to where it decided upon all others.
	Given   map[record.Instant]node.Run
	Decided record.Instant

	absences []absence
}

// A Verdict is what becomes of the slots that are due, all of which it settles.
type Verdict struct {
	Claims  []node.Claim   // in the order of their slots
	Cancel  bool           // the runs of it that have not ended are cancelled
	Through record.Instant // slots up to there are settled with it
	Next    record.Instant // when the next slot is due here; 0: there is none
	Lost    int            // slots that passed so long ago, or are so many, that they get no row
}

// Decide says what becomes of all slots of a timetable that are due by now. It
// is pure: the same case gets the same verdict. What does not run here, or has
// to wait until it is known who is primary, has no verdict, and no Next.
func Decide(c Case) Verdict {
	v := Verdict{Through: c.Through}
	if !c.Here.arms(c.Timetable) || c.Here.holds(c.Timetable) {
		return v
	}
	slots, lost, next := c.slots()
	v.Lost, v.Next = lost, next
	if len(slots) == 0 {
		return v
	}
	fates := make([]fate, len(slots))
	for i, slot := range slots {
		fates[i] = c.judge(slot)
	}
	if picked := c.pick(fates); !picked {
		v.Cancel = c.overlap(fates)
	}
	v.Through = fates[len(fates)-1].slot
	v.Claims = c.claims(fates)
	return v
}

// slots returns those that are due by now and not settled, at most mostSlots,
// how many there are beside them, and when the next one is due.
func (c Case) slots() (slots []time.Time, lost int, next record.Instant) {
	after := max(c.Through, c.Now.Add(-horizon)).Time()
	for {
		slot, ok := c.Timetable.Schedule.Next(after)
		if !ok {
			break
		}
		if due := c.Here.due(c.Timetable, slot); due > c.Now {
			next = due
			break
		}
		if len(slots) == 2*mostSlots {
			lost += copy(slots, slots[mostSlots:])
			slots = slots[:mostSlots]
		}
		slots, after = append(slots, slot), slot
	}
	if over := len(slots) - mostSlots; over > 0 {
		slots, lost = slots[over:], lost+over
	}
	return slots, lost, next
}

// A fate is what becomes of a slot.
type fate struct {
	slot    record.Instant
	kind    fateKind
	pick    timetable.Pick // of one that passed: which of its kind are run
	state   node.RunState  // of its row; "": it gets none
	reason  string
	trigger string
	planned record.Instant // 0: the slot
}

type fateKind uint8

const (
	settled fateKind = iota // its state is what it is
	due                     // it runs now, if nothing overlaps
	passed                  // it runs if it is picked
)

// judge says what becomes of a slot for itself, whatever the others are.
func (c Case) judge(slot time.Time) fate {
	t, at := c.Timetable, record.At(slot)
	f := fate{slot: at, trigger: BySchedule}
	end := func(state node.RunState, reason string) fate {
		f.state, f.reason = state, reason
		return f
	}
	switch {
	case c.isSettledThere(at):
		return f
	case c.Here.Maintenance.Holds(c.Now):
		return end(node.RunMissed, WhyMaintenance)
	case t.Problem != "":
		return end(node.RunSkipped, lacking+t.Problem)
	case t.IsPaused(c.Now.Time()), t.IsPaused(slot): // also one of before the pause ended
		return end(node.RunSkipped, WhyPaused)
	case !t.IsOpen(slot):
		return end(node.RunSkipped, WhyCalendar)
	case c.wasTheirs(at), c.wasGiven(at):
		f.kind, f.pick, f.trigger, f.reason = passed, c.pickOfTheirs(at), ByPromotion, WhyRole
		if f.pick == timetable.Ask {
			f.reason = WhyDoubt
		}
		return f
	}
	return c.judgeOwn(f, c.Here.due(t, slot))
}

// judgeOwn goes on with a slot that was this server's from the first.
func (c Case) judgeOwn(f fate, at record.Instant) fate {
	why := c.absence(at)
	late := c.Now.Sub(at)
	switch {
	case c.fellBetween(f.slot), why == WhyDrain: // a switch in order loses none
		f.kind, f.pick, f.trigger, f.reason = passed, timetable.All, ByPromotion, why
	case why == WhyHeld: // nobody ran it, and it was only put off
		f.kind, f.pick, f.trigger, f.reason = passed, c.Timetable.CatchUp, ByCatchUp, why
		if f.pick == timetable.Skip {
			f.pick = timetable.Latest
		}
	case late <= prompt:
		f.kind = due
	case c.Timetable.Grace > 0 && late > c.Timetable.Grace:
		f.state, f.reason = node.RunMissed, why
	default:
		f.kind, f.pick, f.trigger, f.reason = passed, c.Timetable.CatchUp, ByCatchUp, why
	}
	return f
}

// absence says why nothing could start at an instant.
func (c Case) absence(at record.Instant) string {
	for _, a := range c.absences {
		if ofRole := a.why == WhyHeld || a.why == WhyDrain; ofRole && c.Timetable.NeedsRole() == "" {
			continue
		}
		if a.span.From <= at && at < a.span.To {
			return a.why
		}
	}
	return WhyLate
}

// pick decides which of the slots that passed are run after all, and tells
// whether any is. The latest is none that passed where another is due.
func (c Case) pick(fates []fate) (any bool) {
	newest, all := lastOf(fates), 0
	for _, f := range fates {
		if f.kind == passed && f.pick == timetable.All {
			all++
		}
	}
	at := c.Now
	for i := range fates {
		f := &fates[i]
		if f.kind != passed {
			continue
		}
		run := f.pick == timetable.Latest && i == newest
		if f.pick == timetable.All {
			run = all <= c.Timetable.CatchUpMax
			all--
		}
		if !run {
			f.state, f.trigger = node.RunMissed, BySchedule
			continue
		}
		f.state, f.planned, any = node.RunClaimed, at, true
		at = at.Add(c.Timetable.Spacing)
	}
	for i := range fates { // what is due runs behind what is made up for
		if f := &fates[i]; any && f.kind == due {
			f.state, f.planned = node.RunClaimed, at
			at = at.Add(c.Timetable.Spacing)
		}
	}
	return any
}

// lastOf returns the index of the last slot that could run, -1 if none could.
func lastOf(fates []fate) int {
	for i, f := range slices.Backward(fates) {
		if f.kind != settled {
			return i
		}
	}
	return -1
}

// overlap decides upon the slots that are due, and tells whether the runs that
// have not ended are to be cancelled for them.
func (c Case) overlap(fates []fate) (cancel bool) {
	live, waiting, last := c.Live, c.Waiting, lastOf(fates)
	for i := range fates {
		f := &fates[i]
		if f.kind != due {
			continue
		}
		run := live == 0
		switch c.Timetable.Overlap {
		case timetable.OverlapAllow:
			run = true
		case timetable.OverlapQueue:
			if !run && waiting == 0 {
				run, waiting = true, 1
			}
		case timetable.OverlapCancel:
			run = i == last
			cancel = run && c.Live > 0
		case timetable.OverlapSkip:
		}
		if !run {
			f.state, f.reason = node.RunSkipped, WhyOverlap
			continue
		}
		f.state = node.RunClaimed
		live++
	}
	return cancel
}

// claims writes fates down as claims. Where the last has no row the cursor
// moves alone.
func (c Case) claims(fates []fate) []node.Claim {
	var claims []node.Claim
	for i, f := range fates {
		if f.state == "" && i < len(fates)-1 {
			continue
		}
		claims = append(claims, node.Claim{
			Timetable: c.Timetable.ID, Name: c.Timetable.Name, Slot: f.slot, Attempt: c.Given[f.slot].Attempt + 1, Trigger: f.trigger,
			State: f.state, Reason: reasonOf(f), Planned: f.planned, Through: f.slot, Role: c.Timetable.NeedsRole(),
		})
	}
	return claims
}

// reasonOf returns what stands in the row: a run that is to be needs none.
func reasonOf(f fate) string {
	if f.state == node.RunClaimed {
		return ""
	}
	return f.reason
}
