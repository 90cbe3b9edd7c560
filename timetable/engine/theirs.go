package engine

import (
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// wasTheirs tells of a slot of before this server had the role for it: it was
// the twin's to run.
func (c Case) wasTheirs(slot record.Instant) bool {
	return c.Timetable.NeedsRole() != "" && slot <= c.Here.owned()
}

// wasGiven tells of a slot that this server gave up with the role, and that
// nobody had a row of since.
func (c Case) wasGiven(slot record.Instant) bool {
	_, given := c.Given[slot]
	return given
}

// fellBetween tells of a slot that fell between the end of the old primary's
// role and the begin of this one's: it is this server's, however late.
func (c Case) fellBetween(slot record.Instant) bool {
	return c.Timetable.NeedsRole() == node.Primary && slot > c.Here.owned() && slot <= c.Here.Since
}

// saysOf returns what the twin told of a slot. That it had not begun it when the
// role went says nothing of what it did with it when this server gave it back.
func (c Case) saysOf(slot record.Instant) (told node.Run, known bool) {
	told, known = c.Told[slot]
	if own, given := c.Given[slot]; given && neverBegan(told) && told.Epoch < own.Epoch {
		return node.Run{}, false
	}
	return told, known
}

// isSettledThere tells of a slot that was decided upon, and that is not to be
// run again here.
func (c Case) isSettledThere(slot record.Instant) bool {
	if c.Timetable.NeedsRole() == "" {
		return false
	}
	told, known := c.saysOf(slot)
	own, given := c.Given[slot]
	again := c.Timetable.AtLeastOnce || c.Timetable.OnPromotion == timetable.Ask
	switch {
	case !given && slot <= c.Decided:
		return true
	case given && !neverBegan(own) && !c.Timetable.AtLeastOnce: // also where the twin knows that it did not begin it
		return true
	case known && (neverBegan(told) || leftOpen(told) && again):
		return false
	case known: // Its clock was ahead of this one: what that leapt over it did not run.
		return c.wasTheirs(slot) || told.Reason != WhyClockStep
	case given:
		return false
	}
	return c.wasTheirs(slot) && (slot <= c.ToldThrough || c.Here.Handed)
}

// neverBegan tells of a run that was given up with the role, not begun.
func neverBegan(r node.Run) bool { return r.State == node.RunMissed && r.Reason == WhyHandover }

// cutOff tells of a run that was ended with the role.
func cutOff(r node.Run) bool { return r.State == node.RunCancelled && r.Reason == WhyRole }

// leftOpen tells of a run of the twin whose tasks may not all have run.
func leftOpen(r node.Run) bool {
	switch r.State {
	case node.RunClaimed, node.RunRunning:
		return true
	case node.RunInterrupted:
		return r.Attempt <= restarts
	case node.RunCancelled:
		return cutOff(r)
	case node.RunOK, node.RunFailed, node.RunTimeout, node.RunSkipped, node.RunMissed:
	}
	return false
}

// pickOfTheirs says which are run of the slots that were the twin's. What it is
// known not to have begun is run, and after a switch in order also what it left
// open and may run twice; of what nobody knows, only what may be run twice, or
// none until a person says so.
func (c Case) pickOfTheirs(slot record.Instant) timetable.Pick {
	told, known := c.saysOf(slot)
	switch {
	case known && neverBegan(told), !known && (c.Here.TwinStopped || c.Here.Handed):
		return timetable.All
	case known && c.Here.Handed && c.Timetable.AtLeastOnce:
		return timetable.All
	case c.Timetable.AtLeastOnce, c.Timetable.OnPromotion == timetable.Ask:
		return c.Timetable.OnPromotion
	}
	return timetable.Skip
}
