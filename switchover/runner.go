package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// A Runner goes through moves of the role, one at a time.
type Runner struct {
	Here, There Side // Here is the server that it runs on
	Limits      preflight.Limits
	Facts       func(context.Context) (here, there preflight.Facts, ways []preflight.Path, err error) // that both tell
	Now         func() time.Time
	Say         func(step, text string) // what goes on, for whoever watches
}

// A Wish is a move that somebody asks for.
type Wish struct {
	ID      string // of the move; random
	Intent  node.Intent
	To      string // the name of who is to have the role; "": whoever has it not
	Actor   string
	Reason  string
	Options Options
}

// Switch moves the role. It returns when that is done, undone or halted; ctx
// ends it with the cause ErrAborted when somebody wants it undone. The result
// tells what came of it also beside an error.
func (r Runner) Switch(ctx context.Context, w Wish) (Result, error) {
	if err := w.Options.Check(); err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	giver, taker, err := r.sides(ctx, w)
	if errors.Is(err, errAlready) {
		return Result{ID: "", Outcome: OutcomeAlready, Primary: giver.Name, Epoch: giver.Epoch, Steps: []Took{}}, nil
	}
	if err != nil {
		return Result{}, err
	}
	options, err := json.Marshal(w.Options)
	if err != nil {
		return Result{}, err
	}
	m, err := r.move(node.Runbook{
		ID: w.ID, Intent: w.Intent, Giver: giver.Name, Taker: taker.Name, Actor: w.Actor, Reason: w.Reason, Options: options,
		State: node.RunbookOpen, Result: json.RawMessage(`{}`),
	})
	if err != nil {
		return Result{}, err
	}
	m.take(giver, taker)
	m.epoch = giver.Epoch
	if err := m.open(ctx); err != nil {
		return m.unlock(ctx, err)
	}
	return m.run(ctx, m.forward)
}

// errAlready is returned where who is to have the role has it.
var errAlready = errors.New("it is primary already")

// sides reads both servers, and tells who has the role and who is to have it.
func (r Runner) sides(ctx context.Context, w Wish) (giver, taker Reading, err error) {
	here, there, err := r.meet(ctx, Of{})
	if err != nil {
		return giver, taker, err
	}
	switch {
	case here.Primary() == there.Primary():
		return giver, taker, nobody(here, there)
	case here.Primary():
		giver, taker = here, there
	default:
		giver, taker = there, here
	}
	to := w.To
	if w.Intent == node.IntentFailback {
		to = home(here, there)
	}
	switch to {
	case "", taker.Name:
		return giver, taker, nil
	case giver.Name:
		return giver, taker, errAlready
	}
	return giver, taker, fmt.Errorf("%w: to %s: the two are %s and %s", ErrQuestion, inert.Text(to), giver.Name, inert.Text(taker.Name))
}

// home returns the server that was made primary at first: its epochs are odd.
func home(here, there Reading) string {
	if here.Epoch%2 == 1 {
		return here.Name
	}
	return there.Name
}

// nobody says why it is not clear who has the role.
func nobody(here, there Reading) error {
	for _, r := range []Reading{here, there} {
		if r.Open != nil {
			return fmt.Errorf("%w: from %s to %s, begun at %v by %s",
				node.ErrHalted, inert.Text(r.Open.Giver), inert.Text(r.Open.Taker), r.Open.Started, inert.Text(r.Open.Actor))
		}
	}
	if here.Primary() {
		return fmt.Errorf("%w: %s and %s both act as primary, by epochs %d and %d", ErrBlocked, here.Name, there.Name, here.Epoch, there.Epoch)
	}
	return fmt.Errorf("%w: neither %s nor %s is primary", ErrBlocked, here.Name, there.Name)
}

// meet reads both servers, side by side, and makes sure that they are a pair.
func (r Runner) meet(ctx context.Context, of Of) (here, there Reading, err error) {
	q := ReadQuestion{Of: of, Journal: of.Runbook != ""}
	var wait sync.WaitGroup
	var failed [2]error
	wait.Go(func() { here, failed[0] = r.Here.Read(ctx, q) })
	wait.Go(func() { there, failed[1] = r.There.Read(ctx, q) })
	wait.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return here, there, err
	}
	if here.Pair == "" || here.Pair != there.Pair || here.Twin != there.Server || there.Twin != here.Server {
		return here, there, r.There.odd(errors.New("it is not this server's twin"))
	}
	return here, there, nil
}

// run does something while a sign of life is given, and ends the move as it went.
func (m *Move) run(ctx context.Context, do func(context.Context) error) (Result, error) {
	alive, rest := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	beats.Go(func() { m.beat(alive) })
	defer beats.Wait()
	defer rest()
	if err := do(ctx); err != nil {
		return m.settle(ctx, err)
	}
	return m.finish(ctx)
}

// forward does all steps that are not done.
func (m *Move) forward(ctx context.Context) error {
	for _, s := range Steps() {
		if s.isDone(m) {
			continue
		}
		if err := m.through(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// through does one step. A server that gives no answer is asked again what became
// of it, until the step's time is over.
func (m *Move) through(ctx context.Context, s Step) error {
	ctx, cancel := context.WithTimeout(ctx, s.within(m))
	defer cancel()
	m.step = s.Name
	m.journal.add(s.Name, node.NoteBegun, "")
	m.say(s.Name, s.What)
	for {
		said, err := m.attempt(ctx, s)
		if err == nil {
			m.journal.add(s.Name, node.NoteDone, said)
			return nil
		}
		if errors.Is(err, ErrAway) && ctx.Err() == nil {
			m.say(s.Name, err.Error())
			if pause(ctx, lookEvery) && m.observeLong(ctx) == nil {
				continue
			}
		}
		m.journal.add(s.Name, node.NoteFailed, uncut(err))
		return err
	}
}

// attempt does a step once, unless it turns out to be done.
func (m *Move) attempt(ctx context.Context, s Step) (string, error) {
	if s.done != nil && s.done(m) {
		return "it was done", nil
	}
	if s.Changes {
		if err := m.journal.tell(ctx); err != nil {
			return "", err
		}
	}
	return s.do(m, ctx)
}
