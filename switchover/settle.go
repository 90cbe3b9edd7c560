package switchover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// How long it is tried to bring a move to a good end when a step has failed. A
// twind that is told to stop does not wait for long.
const (
	settleWithin = 20 * time.Second
	stopWithin   = 3 * time.Second
)

// after returns a context for what has to be done though ctx may have ended.
func after(ctx context.Context) (context.Context, context.CancelFunc) {
	within := settleWithin
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), ErrAborted) {
		within = stopWithin
	}
	return context.WithTimeout(context.WithoutCancel(ctx), within)
}

// finish closes a move whose steps are all done, if both are still what they
// became: it may have been resumed long after that.
func (m *Move) finish(ctx context.Context) (Result, error) {
	ctx, cancel := after(ctx)
	defer cancel()
	err := m.observeLong(ctx)
	if err == nil && (m.read.giver.Role == node.Primary || !m.read.taker.Primary()) {
		return m.overtaken(ctx, errors.New("all was done"))
	}
	r := m.result(OutcomeDone, "")
	if err == nil {
		err = m.journal.tell(ctx)
	}
	if err == nil {
		err = m.close(ctx, node.RunbookDone, r)
	}
	if err != nil {
		return m.halt(fmt.Errorf("all is done: %w", err))
	}
	return r, nil
}

// settle ends a move of which a step has failed: before the role was given away
// it is undone; after that too, as long as the other server has not taken it and
// says that it will not, or somebody aborts it. Else it halts.
func (m *Move) settle(ctx context.Context, why error) (Result, error) {
	if cause := context.Cause(ctx); cause != nil {
		why = cutShort{cause, why}
	}
	aborted := errors.Is(why, ErrAborted)
	ctx, cancel := after(ctx)
	defer cancel()
	m.say("settle", why.Error())
	if err := m.observeLong(ctx); err != nil {
		if m.token == nil {
			_ = m.refill(ctx) // where it can be told, it need not wait for its drain to pass
		}
		return m.halt(fmt.Errorf("%w; %w", why, err))
	}
	switch {
	case m.promoted() && errors.Is(why, ErrOvertaken):
		return m.overtaken(ctx, why) // nobody could finish it
	case m.promoted():
		return m.halt(why)
	case m.token == nil:
		return m.rollBack(ctx, why)
	case m.read.taker.State == node.TokenVoid || aborted || !errors.Is(why, ErrAway) && !errors.Is(why, context.DeadlineExceeded):
		return m.takeBack(ctx, why)
	}
	return m.halt(why)
}

// A cutShort is why a step has failed that was ended for a cause: that says it all,
// beside how far the step was.
type cutShort struct{ cause, why error }

// Error implements error.
func (e cutShort) Error() string { return e.cause.Error() + ": " + uncut(e.why) }

// Unwrap gives errors.Is both.
func (e cutShort) Unwrap() []error { return []error{e.cause, e.why} }

// uncut says an error without what a context says at its end when somebody has
// ended it: who that was, and why, is told beside.
func uncut(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+context.Canceled.Error())
}

// rollBack undoes what was begun, and reads back that nothing has changed: a
// server that is not drained gives no role away.
func (m *Move) rollBack(ctx context.Context, why error) (Result, error) {
	for _, s := range slices.Backward(Steps()) {
		if s.undo == nil || m.journal.last(s.Name) == "" {
			continue
		}
		if err := s.undo(m, ctx); err != nil {
			return m.halt(fmt.Errorf("%w; undo %s: %w", why, s.Name, err))
		}
		m.journal.add(s.Name, node.NoteUndone, "")
	}
	if err := m.observeLong(ctx); err != nil {
		return m.halt(fmt.Errorf("%w; %w", why, err))
	}
	if m.given() { // an order that was under way, before it was told that nothing is to be given
		return m.takeBack(ctx, why)
	}
	return m.stands(ctx, why)
}

// takeBack returns the role to the server that gave it away, once the other one
// has said that it will never take it.
func (m *Move) takeBack(ctx context.Context, why error) (Result, error) {
	m.say("settle", m.taker.Name+" makes the token void")
	m.journal.add("demote", node.NoteTold, "the role goes back: "+why.Error())
	err := m.journal.tell(ctx)
	if err == nil {
		err = m.taker.ask(ctx, quick, VerbVoid, TokenQuestion{Of{m.Book.ID}, *m.token}, nil)
	}
	if err == nil {
		err = m.observeLong(ctx)
	}
	if err == nil && m.read.taker.State != node.TokenVoid {
		err = m.taker.odd(fmt.Errorf("it made the token void, and says that it is %s", brief(string(m.read.taker.State))))
	}
	if err != nil {
		return m.halt(fmt.Errorf("%w; %w", why, err))
	}
	if max(m.read.giver.Seen, m.read.taker.Seen) > m.token.Epoch {
		return m.overtaken(ctx, why) // while nobody was primary a person took the role: it is not to be had back
	}
	is, err := m.giver.standing(ctx, VerbTakeBack, TakeBackQuestion{Of{m.Book.ID}, m.token.ID})
	if err != nil {
		return m.halt(fmt.Errorf("%w; %w", why, err))
	}
	m.read.giver.Standing = is
	m.journal.add("demote", node.NoteUndone, fmt.Sprintf("%s is primary again, epoch %d", is.Name, is.Epoch))
	return m.stands(ctx, why)
}

// stands reads back that the giver is primary, and closes the move as undone.
func (m *Move) stands(ctx context.Context, why error) (Result, error) {
	if err := m.observeLong(ctx); err != nil {
		return m.halt(fmt.Errorf("%w; %w", why, err))
	}
	g, t := m.read.giver, m.read.taker
	if !g.Primary() || t.Role != node.Secondary || g.Draining == m.Book.ID {
		return m.overtaken(ctx, why)
	}
	said := fmt.Sprintf("%s is primary still, epoch %d", g.Name, g.Epoch)
	if g.Epoch != m.epoch {
		said = fmt.Sprintf("%s is primary again, epoch %d", g.Name, g.Epoch)
	}
	m.failed(ctx)
	outcome, err := OutcomeRolledBack, fmt.Errorf("%w: %s: %w", ErrRolledBack, said, why)
	if errors.Is(why, ErrBlocked) {
		outcome, err = OutcomeBlocked, why
	}
	if told := m.journal.tell(ctx); told != nil {
		return m.halt(fmt.Errorf("%s; %w; %w", said, why, told))
	}
	r := m.result(outcome, err.Error())
	if closed := m.close(ctx, node.RunbookRolledBack, r); closed != nil {
		return m.halt(fmt.Errorf("%s; %w; %w", said, why, closed))
	}
	return r, err
}

// overtaken closes a move that makes no sense any more.
func (m *Move) overtaken(ctx context.Context, why error) (Result, error) {
	g, t := m.read.giver, m.read.taker
	err := fmt.Errorf("%w: %s is %s, epoch %d, and %s is %s, epoch %d: %w",
		ErrOvertaken, g.Name, g.Role, g.Epoch, inert.Text(t.Name), t.Role, t.Epoch, why)
	m.failed(ctx)
	r := m.result(OutcomeFailed, err.Error())
	if closed := m.close(ctx, node.RunbookFailed, r); closed != nil {
		return m.halt(fmt.Errorf("%w; %w", err, closed))
	}
	return r, err
}

// failed calls the programs of the site for that; what they say changes nothing.
func (m *Move) failed(ctx context.Context) {
	said, err := m.hookBoth(ctx, hookFailed)
	if err != nil {
		said = err.Error()
	}
	if said != "" {
		m.journal.add("settle", node.NoteTold, said)
	}
}

// halt leaves the move open, for whoever takes it up again.
func (m *Move) halt(why error) (Result, error) {
	primary := "nobody is primary"
	switch {
	case m.promoted():
		primary = fmt.Sprintf("%s is primary, epoch %d", inert.Text(m.taker.Name), m.read.taker.Epoch)
	case m.token == nil:
		primary = m.giver.Name + " is primary still"
	}
	err := fmt.Errorf("%w at %s: %s: %w", ErrHalted, m.step, primary, why)
	return m.result(OutcomeHalted, err.Error()), err
}

// unlock ends a move that could not be opened on both servers: on the one that
// would take the role only once the other has ended it, and can give no role away
// by it. Somebody may have taken it up meanwhile.
func (m *Move) unlock(ctx context.Context, why error) (Result, error) {
	ctx, cancel := after(ctx)
	defer cancel()
	text := []byte(`{}`)
	for _, side := range []Side{m.giver, m.taker} {
		if side.ask(ctx, quick, VerbEnd, EndQuestion{Of{m.Book.ID}, node.RunbookRolledBack, text}, nil) != nil {
			break // it was not opened there, or another one holds it; if it does not answer it can be resumed or aborted
		}
	}
	return Result{Steps: []Took{}}, why
}
