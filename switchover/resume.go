package switchover

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// Resume goes on with the move that has halted, from wherever it stands:
// node.ErrNoRunbook if there is none, node.ErrRunbook while its runner lives. A
// promotion is ended by it, as it stands.
func (r Runner) Resume(ctx context.Context, actor string) (Result, error) {
	m, err := r.takeUp(ctx, "resumed by "+actor)
	if err != nil {
		return Result{}, err
	}
	switch {
	case m.Book.State != node.RunbookOpen:
		return m.follow(ctx)
	case m.Book.Intent == node.IntentPromote:
		return m.leave(ctx, actor)
	}
	return m.run(ctx, m.forward)
}

// Abort ends the move that has halted: before the other server has taken the role
// it goes back, after that it stays where it is.
func (r Runner) Abort(ctx context.Context, actor string) (Result, error) {
	m, err := r.takeUp(ctx, "aborted by "+actor)
	if err != nil {
		return Result{}, err
	}
	switch {
	case m.Book.State != node.RunbookOpen:
		return m.follow(ctx)
	case m.Book.Intent == node.IntentPromote:
		return m.leave(ctx, actor)
	}
	why := fmt.Errorf("%w by %s", ErrAborted, inert.Text(actor))
	return m.run(ctx, func(ctx context.Context) error {
		if m.promoted() {
			m.journal.add("settle", node.NoteTold, "ended as it stands")
			_, err := m.verify(ctx)
			return err
		}
		return why
	})
}

// takeUp finds the open move, and becomes its runner on both servers.
func (r Runner) takeUp(ctx context.Context, said string) (*Move, error) {
	here, there, err := r.meet(ctx, Of{})
	if err != nil {
		return nil, err
	}
	open := here.Open
	if open == nil {
		open = there.Open
	}
	if open == nil {
		return nil, fmt.Errorf("%w: none is open", node.ErrNoRunbook)
	}
	if here, there, err = r.meet(ctx, Of{open.ID}); err != nil {
		return nil, err
	}
	m, err := r.move(*open)
	if err != nil {
		return nil, err
	}
	if ended := ended(here.Runbook, there.Runbook); ended != nil {
		m.Book.State, m.Book.Result = ended.State, ended.Result
		return m, nil
	}
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	if here, there, err = r.meet(ctx, Of{open.ID}); err != nil { // nobody else writes from here on
		return nil, err
	}
	if here.Runbook == nil || there.Runbook == nil {
		return nil, fmt.Errorf("%w: %s is not open on both", node.ErrNoRunbook, open.ID)
	}
	giver, taker := here, there
	if m.giver.Name == r.There.Name {
		giver, taker = there, here
	}
	m.epoch = giver.Epoch
	m.take(giver, taker)
	m.draining = giver.Draining == m.Book.ID
	m.journal.resume(giver.Runbook.Notes, taker.Runbook.Notes)
	m.journal.add("lock", node.NoteTold, said)
	m.step = m.journal.where()
	return m, nil
}

// leave ends a promotion whose server died in it: both answer again, so that what
// they are is what came of it. Where the role was not taken, whoever still wants
// it promotes anew.
func (m *Move) leave(ctx context.Context, actor string) (Result, error) {
	ctx, cancel := after(ctx)
	defer cancel()
	if err := m.observe(ctx); err != nil { // who gave nothing away hears of the epoch
		return m.halt(err)
	}
	r, state := m.result(OutcomeDone, ""), node.RunbookDone
	if m.read.taker.Primary() {
		r.CutOver = m.read.taker.OwnsFrom
	} else {
		r.Outcome, state = OutcomeFailed, node.RunbookFailed
		r.Text = fmt.Sprintf("%s did not take the role: the promotion was ended by %s", inert.Text(m.taker.Name), inert.Text(actor))
	}
	err := m.journal.tell(ctx)
	if err == nil {
		err = m.close(ctx, state, r)
	}
	if err != nil {
		return m.halt(err)
	}
	return r, nil
}

// ended returns the move as one of the servers has closed it, nil if neither has.
func ended(all ...*node.Runbook) *node.Runbook {
	for _, b := range all {
		if b != nil && b.State != node.RunbookOpen {
			return b
		}
	}
	return nil
}

// follow closes on both servers what one of them has closed already.
func (m *Move) follow(ctx context.Context) (Result, error) {
	var r Result
	if err := json.Unmarshal(m.Book.Result, &r); err != nil {
		return r, fmt.Errorf("result of %s: %w", m.Book.ID, err)
	}
	ctx, cancel := after(ctx)
	defer cancel()
	for _, side := range []Side{m.giver, m.taker} {
		err := side.ask(ctx, quick, VerbOpen, m.Book, nil)
		if errors.Is(err, ErrAway) {
			return r, err
		}
	}
	if err := m.close(ctx, m.Book.State, r); err != nil {
		return r, err
	}
	if m.Book.State == node.RunbookDone {
		return r, nil
	}
	return r, fmt.Errorf("%w: %s", ErrRolledBack, cmp.Or(r.Text, "it was ended"))
}

// where returns the step that was noted last.
func (j *journal) where() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, n := range slices.Backward(j.notes) {
		if n.Step != "lock" {
			return n.Step
		}
	}
	return "lock"
}
