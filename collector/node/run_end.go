package node

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/twinctl/twin/collector/store"
)

// StartRun notes that a run that was claimed begins now, and where its output
// goes (RunOutput). ErrRole if it wants a role that this server lost since it
// was claimed, ErrDraining while that is being moved, ErrRunState if it began or
// ended before.
func (n *DB) StartRun(ctx context.Context, id int64) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		r, err := ownRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.State.Becomes(RunRunning) {
			return fmt.Errorf("%w: it is %s", ErrRunState, r.State)
		}
		if err := stillHolds(ctx, tx, r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE run SET state = 'running', started = ?, output = ?, rev = `+nextRev+` WHERE id = ?`,
			now(tx), RunOutput(id), now(tx), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("start run %d: %w", id, err)
	}
	return nil
}

// stillHolds tells whether this server has the role that a run wants, in the
// epoch in which it was claimed, and is not about to lose it.
func stillHolds(ctx context.Context, tx *store.Tx, r Run) error {
	if r.Role == "" {
		return nil
	}
	self, err := readSelf(ctx, tx)
	if err != nil {
		return err
	}
	if r.Role == Primary && self.Drains(now(tx)) {
		return ErrDraining
	}
	return self.Holds(r.Role, r.Epoch)
}

// A RunEnd is what came of a run.
type RunEnd struct {
	State  RunState // a final one
	Reason string   // the word for why; "": the one that it was claimed with
	Exit   *int     // nil: it gave no exit status
	Output string   // a file below data/runs; "": RunOutput, if it was started
	Tail   string   // the end of the output; the last 4 KiB are kept
}

// EndRun notes what came of a run, once: ErrRunState after that, or if the
// state is none that it may get from the one that it has.
func (n *DB) EndRun(ctx context.Context, id int64, end RunEnd) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		r, err := ownRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if !end.State.Final() || !r.State.Becomes(end.State) {
			return fmt.Errorf("%w: it is %s and would be %s", ErrRunState, r.State, end.State)
		}
		if end.Output != "" && !filepath.IsLocal(end.Output) {
			return fmt.Errorf("output %q is not below data/runs", end.Output)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE run SET state = ?, reason = coalesce(nullif(?, ''), reason), exit = ?, output = coalesce(nullif(?, ''), output),
				tail = ?, ended = ?, rev = `+nextRev+` WHERE id = ?`,
			end.State, first(end.Reason, maxReason), end.Exit, end.Output, last(end.Tail, maxTail), now(tx), now(tx), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("end run %d: %w", id, err)
	}
	return nil
}

// ownRun returns a run of this server: ErrNoRun.
func ownRun(ctx context.Context, tx *store.Tx, id int64) (Run, error) {
	r, err := runOf(ctx, tx, id)
	if err == nil && r.Theirs != 0 {
		err = fmt.Errorf("%w of this server: it is one of %s", ErrNoRun, r.Server)
	}
	return r, err
}

func runOf(ctx context.Context, tx *store.Tx, id int64) (Run, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE id = ?`, id)
	found, err := readRuns(rows, err)
	switch {
	case err != nil:
		return Run{}, err
	case len(found) == 0:
		return Run{}, ErrNoRun
	}
	return found[0], nil
}

// Run returns a run, of this server or of its twin: ErrNoRun.
func (n *DB) Run(ctx context.Context, id int64) (r Run, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		r, err = runOf(ctx, tx, id)
		return err
	})
	if err != nil {
		return Run{}, fmt.Errorf("run %d: %w", id, err)
	}
	return r, nil
}

// UnendedRuns returns the runs of this server that are claimed or running, in
// the order in which they were claimed.
func (n *DB) UnendedRuns(ctx context.Context) (all []Run, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE theirs IS NULL AND ended IS NULL ORDER BY id`)
		all, err = readRuns(rows, err)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read runs that have not ended: %w", err)
	}
	return all, nil
}
