package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

const (
	pageRuns   = 200       // told at once
	pageBytes  = 128 << 10 // of JSON, but for one row
	maxInstant = 1 << 58   // in microseconds: the year 11000, and still far from what overflows
)

// Runs is what a server tells of the ledger of its runs, and what it has got of
// the other's.
type Runs struct {
	Have int64 `json:"have"` // the rev of ours up to which it has all; 0: nothing
	node.RunPage
}

// tellRuns returns what this server tells its twin, which has got all up to
// have; nil means that it said nothing of it, and gets nothing.
func tellRuns(ctx context.Context, n *node.DB, have *int64) (*Runs, error) {
	told, err := n.RunsTold(ctx)
	if err != nil {
		return nil, err
	}
	r := &Runs{Have: told.Through}
	if have == nil {
		return r, nil
	}
	if r.RunPage, err = n.RunChanges(ctx, *have, pageRuns); err != nil {
		return nil, err
	}
	return r, r.fit()
}

// fit leaves out what makes a page too large: it follows with the next one.
func (r *Runs) fit() error {
	room := pageBytes
	for i, row := range r.Rows {
		text, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("run %d: %w", row.ID, err)
		}
		if room -= len(text); room < 0 && i > 0 {
			r.Rows, r.Through, r.Whole = r.Rows[:i], r.Rows[i-1].Rev, 0
			return nil
		}
	}
	return nil
}

// takeRuns takes what is to be kept of the twin's runs out of its word, which
// is kept for long; nil if it told nothing of them.
func (w *Word) takeRuns() *node.RunPage {
	if w.Runs == nil {
		return nil
	}
	page := w.Runs.RunPage
	w.Runs = &Runs{Have: w.Runs.Have}
	if page.Through == 0 && page.Whole == 0 {
		return nil
	}
	return &page
}

// got returns up to where the twin has got our runs by its last word, nil if it
// told nothing of that.
func (w *Word) got() *int64 {
	if w == nil || w.Runs == nil {
		return nil
	}
	return &w.Runs.Have
}

// runs checks what it tells of its runs.
func (w *Word) runs() error {
	if w.Runs == nil {
		return nil
	}
	r := w.Runs
	if len(r.Rows) > pageRuns {
		return fmt.Errorf("%d runs at once", len(r.Rows))
	}
	if r.Have < 0 || r.Have > maxCount || r.Through < 0 || r.Through > maxCount {
		return fmt.Errorf("runs up to %d, and ours up to %d", r.Through, r.Have)
	}
	if err := instants(r.Whole); err != nil {
		return err
	}
	for _, row := range r.Rows {
		if err := saneRun(row); err != nil {
			return fmt.Errorf("run %d: %w", row.ID, err)
		}
		if row.Rev > r.Through {
			return fmt.Errorf("run %d: change %d in a page up to %d", row.ID, row.Rev, r.Through)
		}
	}
	return nil
}

func saneRun(r node.Run) error {
	switch {
	case !slices.Contains(node.RunStates(), r.State):
		return fmt.Errorf("state %s", brief(string(r.State)))
	case r.State.Final() != (r.Ended != 0):
		return fmt.Errorf("%s, and ended at %d", r.State, r.Ended)
	case r.ID < 1 || r.ID > maxCount || r.Rev < 1 || r.Rev > maxCount || r.Attempt < 1 || r.Attempt > node.MaxAttempt:
		return fmt.Errorf("change %d, attempt %d", r.Rev, r.Attempt)
	case r.Epoch < 0 || r.Epoch > node.MaxTold:
		return fmt.Errorf("epoch %d", r.Epoch)
	case r.Timetable == "" || r.Slot == 0:
		return fmt.Errorf("no slot of a timetable")
	}
	if err := instants(r.Slot, r.Planned, r.Started, r.Ended); err != nil {
		return err
	}
	if err := names(r.Timetable, r.Name, r.Trigger, r.Actor); err != nil {
		return err
	}
	if err := role(r.Role); err != nil {
		return err
	}
	return texts(r.Reason, r.Tail)
}

func instants(all ...record.Instant) error {
	for _, at := range all {
		if at < 0 || at > maxInstant {
			return fmt.Errorf("an instant of %d", at)
		}
	}
	return nil
}

// CheckRuns tells whether a twin can have told this page of its runs.
func CheckRuns(page node.RunPage) error {
	w := Word{Runs: &Runs{RunPage: page}}
	return w.runs()
}
