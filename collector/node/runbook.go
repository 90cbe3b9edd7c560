package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
)

// What a caller of the journal may branch on.
var (
	// ErrRunbook is returned while another move of the role is under way, or
	// somebody else goes through this one.
	ErrRunbook = errors.New("the role is being moved already")
	// ErrHalted is returned for a new move of the role while one has halted
	// part-way: it is to be resumed or aborted first.
	ErrHalted = errors.New("a move of the role has halted part-way")
	// ErrNoRunbook is returned for a move of the role that there is not.
	ErrNoRunbook = errors.New("no such move of the role")
)

// RunnerLost is how long after its last sign of life a runner is taken for dead:
// anybody may go on then.
const RunnerLost = 30 * time.Second

// An Intent is why a role is moved.
type Intent string

// The intents.
const (
	IntentSwitchover Intent = "switchover" // planned, both are up
	IntentFailback   Intent = "failback"   // planned, home again
	IntentPromote    Intent = "promote"    // the primary is down
	IntentDrill      Intent = "drill"      // over and back, as a rehearsal
)

// A RunbookState is what became of a move of the role.
type RunbookState string

// The states of a runbook.
const (
	RunbookOpen       RunbookState = "open"
	RunbookDone       RunbookState = "done"
	RunbookRolledBack RunbookState = "rolled_back" // who was primary still is, or is again
	RunbookFailed     RunbookState = "failed"      // given up by a person, or overtaken by a higher epoch
)

// A Runbook is one move of the role, as both servers have it.
type Runbook struct {
	ID      string          `json:"id"`
	Intent  Intent          `json:"intent"`
	Giver   string          `json:"giver"` // names
	Taker   string          `json:"taker"`
	Actor   string          `json:"actor"`
	Reason  string          `json:"reason"`
	Options json.RawMessage `json:"options"` // what was asked for: an object
	Runner  string          `json:"runner"`  // whose twind goes through it
	Started record.Instant  `json:"started"`
	Beat    record.Instant  `json:"beat"` // when the runner was heard of last, by the clock of whoever tells
	Ended   record.Instant  `json:"ended,omitzero"`
	State   RunbookState    `json:"state"`
	Result  json.RawMessage `json:"result"` // what came of it: an object
	Notes   []RunbookNote   `json:"notes,omitempty"`
}

// Stale tells whether its runner has given no sign of life for so long that
// somebody else may go on.
func (r Runbook) Stale(at record.Instant) bool {
	return r.State == RunbookOpen && at.Sub(r.Beat).Abs() > RunnerLost
}

// A NoteState is what is noted of a step.
type NoteState string

// The states of a step.
const (
	NoteBegun   NoteState = "begun"
	NoteDone    NoteState = "done"
	NoteSkipped NoteState = "skipped"
	NoteFailed  NoteState = "failed"
	NoteUndone  NoteState = "undone"
	NoteTold    NoteState = "told" // something to know, beside what was done
)

// A RunbookNote is one line of the journal.
type RunbookNote struct {
	Seq   int64          `json:"seq"` // 1, 2, 3, the same on both servers
	Step  string         `json:"step"`
	State NoteState      `json:"state"`
	Text  string         `json:"text,omitempty"`
	At    record.Instant `json:"at"` // by the runner's clock
}

// The bounds of a journal: the twin writes in it too.
const (
	maxNotes     = 1000
	maxNoteText  = 4 << 10
	maxRunbooks  = 1000
	maxDocuments = 64 << 10
)

func (r Runbook) check() error {
	for _, name := range []string{r.ID, r.Giver, r.Taker, r.Actor, r.Runner} {
		if err := inert.Name(name); err != nil {
			return fmt.Errorf("%s %w", inert.Text(name), err)
		}
	}
	switch r.Intent {
	case IntentSwitchover, IntentFailback, IntentPromote, IntentDrill:
	default:
		return fmt.Errorf("intent %q", r.Intent)
	}
	if len(r.Reason) > maxNoteText || len(r.Options) > maxDocuments || !json.Valid(r.Options) {
		return fmt.Errorf("a reason of %d bytes and options of %d", len(r.Reason), len(r.Options))
	}
	return nil
}
