package switchover

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// IntentWord says for people why a role is moved.
func IntentWord(i node.Intent) string {
	switch i {
	case node.IntentFailback:
		return "failback"
	case node.IntentDrill:
		return "drill"
	case node.IntentPromote:
		return "promotion"
	case node.IntentSwitchover:
	}
	return "switch-over"
}

// StateWord says in a word how a move stands: "halted" is one that is open and
// that nobody goes through.
func StateWord(b node.Runbook, now record.Instant) string {
	if b.Stale(now) {
		return "halted"
	}
	return string(b.State)
}

// ResultOf returns what came of a move; false while it is open, or if its end
// cannot be read.
func ResultOf(b node.Runbook) (Result, bool) {
	var r Result
	ok := b.State != node.RunbookOpen && json.Unmarshal(b.Result, &r) == nil && r.Outcome != ""
	return r, ok
}

// BookLine says in a line, harmless to look at, how a move stands.
func BookLine(b node.Runbook, now record.Instant) string {
	if r, ok := ResultOf(b); ok {
		return r.Line()
	}
	if b.Stale(now) {
		return "halted: twinctl switchover --resume, or --abort, on either server"
	}
	if b.State == node.RunbookOpen {
		at := ""
		if n := len(b.Notes); n > 0 {
			at = ": it is at " + inert.Text(b.Notes[n-1].Step)
		}
		return fmt.Sprintf("goes on, run by the twind of %s%s", inert.Text(b.Runner), at)
	}
	return string(b.State)
}

// Line says in a line, harmless to look at, what came of a move.
func (r Result) Line() string {
	primary := inert.Text(r.Primary)
	switch r.Outcome {
	case OutcomeAlready:
		return fmt.Sprintf("%s is primary already, epoch %d: nothing was changed", primary, r.Epoch)
	case OutcomeDone:
		gap := ""
		if r.GapMS != nil {
			gap = fmt.Sprintf("; nobody was primary for %.0f ms", *r.GapMS)
		}
		if r.Intent == node.IntentPromote {
			return fmt.Sprintf("%s is primary, epoch %d, by a promotion without %s; slots are its own since %s; read back on %s",
				primary, r.Epoch, inert.Text(r.From), r.CutOver.Time().Format(time.RFC3339), primary)
		}
		return fmt.Sprintf("%s is primary, epoch %d, and %s secondary; slots are its own since %s%s; read back",
			primary, r.Epoch, inert.Text(r.From), r.CutOver.Time().Format(time.RFC3339), gap)
	case OutcomeRolledBack, OutcomeBlocked, OutcomeHalted, OutcomeFailed:
	}
	return inert.Text(r.Text)
}
