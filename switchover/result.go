package switchover

import (
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// An Outcome is what came of a move.
type Outcome string

// The outcomes.
const (
	OutcomeDone       Outcome = "done"
	OutcomeAlready    Outcome = "already" // who was to have the role has it: there was nothing to do
	OutcomeBlocked    Outcome = "blocked" // by a check; nothing was changed
	OutcomeRolledBack Outcome = "rolled_back"
	OutcomeHalted     Outcome = "halted" // to be resumed or aborted
	OutcomeFailed     Outcome = "failed" // overtaken by somebody else
)

// A Result is what came of a move, as both servers keep it.
type Result struct {
	ID       string         `json:"id"`
	Intent   node.Intent    `json:"intent"`
	From     string         `json:"from"`
	To       string         `json:"to"`
	Actor    string         `json:"actor"`
	Reason   string         `json:"reason"`
	Outcome  Outcome        `json:"outcome"`
	Text     string         `json:"text"`    // what was wrong; "" if nothing
	Primary  string         `json:"primary"` // who has the role now; "": nobody
	Was      int64          `json:"epoch_was"`
	Epoch    int64          `json:"epoch"`             // of the primary now
	CutOver  record.Instant `json:"cut_over,omitzero"` // from then on slots are the new primary's
	GapMS    *float64       `json:"role_gap_ms"`       // how long nobody was primary; null: there was no such time, or nobody measured it
	TookMS   float64        `json:"took_ms"`           // from the first note to the last
	Steps    []Took         `json:"steps"`             //
	Override []string       `json:"overrides"`         // checks that were skipped
	Options  Options        `json:"options"`           //
}

// Took is what became of a step.
type Took struct {
	Name   string         `json:"name"`
	State  node.NoteState `json:"state"`
	TookMS float64        `json:"took_ms"`
	Text   string         `json:"text"`
}

// result tells how the move stands.
func (m *Move) result(outcome Outcome, text string) Result {
	r := Result{
		ID: m.Book.ID, Intent: m.Book.Intent, From: m.Book.Giver, To: m.Book.Taker, Actor: m.Book.Actor, Reason: m.Book.Reason,
		Outcome: outcome, Text: text, Was: m.epoch, Options: m.options, Override: m.options.SkipChecks,
	}
	for _, is := range []Standing{m.read.giver.Standing, m.read.taker.Standing} {
		if is.Primary() {
			r.Primary, r.Epoch = is.Name, is.Epoch
		}
	}
	if m.token != nil {
		r.CutOver = m.token.At
	}
	if gap := m.gap(); gap != nil {
		ms := millis(*gap)
		r.GapMS = &ms
	}
	notes := m.journal.all()
	r.Steps = Durations(notes)
	if len(notes) > 0 {
		r.TookMS = millis(notes[len(notes)-1].At.Sub(notes[0].At))
	}
	return r
}

// Durations tells from a journal how long each step took, the last time that it
// was begun.
func Durations(notes []node.RunbookNote) []Took {
	all, begun := []Took{}, map[string]record.Instant{}
	at := map[string]int{}
	for _, n := range notes {
		if n.State == node.NoteTold {
			continue
		}
		i, known := at[n.Step]
		if !known {
			i = len(all)
			at[n.Step], all = i, append(all, Took{Name: n.Step})
		}
		if _, was := begun[n.Step]; n.State == node.NoteBegun || !was { // a look at things is noted once it is done
			begun[n.Step] = n.At
		}
		all[i] = Took{Name: n.Step, State: n.State, TookMS: millis(n.At.Sub(begun[n.Step])), Text: n.Text}
	}
	return all
}

// millis writes a length of time: of what a clock shows that was put back meanwhile
// nobody knows more than that it took some.
func millis(d time.Duration) float64 { return float64(max(0, d).Microseconds()) / 1000 }
