package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// A Move is one move of the role while a runner goes through it.
type Move struct {
	Book node.Runbook

	runner       Runner
	giver, taker Side
	options      Options
	journal      *journal
	epoch        int64 // of the giver, before
	step         string
	token        *node.Token // nil until the role was given away
	read         struct{ giver, taker Reading }
	drained      turn // held while the giver is told that it is, or is not
	draining     bool
	clock        struct{ begin, end time.Time } // of when nobody was primary, as far as this runner saw it
}

func (r Runner) move(b node.Runbook) (*Move, error) {
	m := &Move{Book: b, runner: r, drained: newTurn()}
	var err error
	if m.options, err = optionsOf(b); err != nil {
		return nil, err
	}
	m.giver, m.taker = r.Here, r.There
	if b.Giver == r.There.Name {
		m.giver, m.taker = r.There, r.Here
	}
	if m.giver.Name != b.Giver || m.taker.Name != b.Taker {
		return nil, fmt.Errorf("%w: %s is from %s to %s", node.ErrNoRunbook, b.ID, inert.Text(b.Giver), inert.Text(b.Taker))
	}
	m.journal = &journal{id: b.ID, sides: [2]Side{m.giver, m.taker}, now: r.Now, telling: newTurn()}
	return m, nil
}

// say tells whoever watches what goes on.
func (m *Move) say(step, text string) { m.runner.Say(step, text) }

// observe reads how both servers stand to the move, and tells each of the
// highest epoch that is known.
func (m *Move) observe(ctx context.Context) error {
	q := ReadQuestion{Of: Of{m.Book.ID}, Seen: max(m.read.giver.Seen, m.read.taker.Seen)}
	var wait sync.WaitGroup
	var giver, taker Reading
	var failed [2]error
	wait.Go(func() { giver, failed[0] = m.giver.Read(ctx, q) })
	wait.Go(func() { taker, failed[1] = m.taker.Read(ctx, q) })
	wait.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return err
	}
	m.take(giver, taker)
	return nil
}

// take keeps what was read.
func (m *Move) take(giver, taker Reading) {
	m.read.giver, m.read.taker = giver, taker
	m.token = giver.Token
	if m.token == nil {
		m.token = taker.Token
	}
	if m.token != nil {
		m.epoch = m.token.Epoch
	}
}

// observeLong reads both until they answer, or ctx ends.
func (m *Move) observeLong(ctx context.Context) error {
	for {
		err := m.observe(ctx)
		if err == nil || !errors.Is(err, ErrAway) || !pause(ctx, lookEvery) {
			return err
		}
	}
}

// checks holds both servers against each other. Of what it finds the move that
// asks is no part, nor is what somebody chose to skip.
func (m *Move) checks(ctx context.Context) ([]preflight.Check, error) {
	all, err := m.runner.checks(ctx, m.Book.Giver)
	if err != nil {
		return nil, err
	}
	return judged(all, m.Book.Intent, append(m.options.SkipChecks, checkRunbook)), nil
}

// checks asks both servers how they are, and holds that against each other for a
// move away from one of them.
func (r Runner) checks(ctx context.Context, giver string) ([]preflight.Check, error) {
	from, to, ways, err := r.Facts(ctx)
	if err != nil {
		return nil, err
	}
	if giver == r.There.Name {
		from, to = to, from
	}
	return preflight.Switchover(from, to, r.Limits, ways...), nil
}

// checkRunbook is the check that no move is open: once it was opened, the lock
// is that.
const checkRunbook = "runbook"

// KeepsHome tells whether a check of that name that only warns keeps the role from
// going home.
func KeepsHome(check string) bool {
	return slices.Contains([]string{"calm", "gaps", "fill", "feed-behind", "sync-state", "drift"}, check)
}

// judged leaves out what is skipped, and is strict with a way home that nobody
// needs in a hurry.
func judged(all []preflight.Check, intent node.Intent, skip []string) []preflight.Check {
	var left []preflight.Check
	for _, c := range all {
		if slices.Contains(skip, c.Name) {
			continue
		}
		if intent == node.IntentFailback && c.Level == preflight.Warning && KeepsHome(c.Name) {
			c.Level = preflight.Blocker
		}
		left = append(left, c)
	}
	return left
}

// open has both servers note the move, the giver first: of two runners that
// begin at once one wins there. Who takes one up again becomes its runner.
func (m *Move) open(ctx context.Context) error {
	for _, side := range []Side{m.giver, m.taker} {
		if err := side.ask(ctx, quick, VerbOpen, m.Book, nil); err != nil {
			return err
		}
	}
	return nil
}

// close ends the journals, the one of the other server first: as long as ours is
// open the move can be taken up again.
func (m *Move) close(ctx context.Context, state node.RunbookState, result Result) error {
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	sides := []Side{m.runner.There, m.runner.Here}
	for _, side := range sides {
		for {
			err := side.ask(ctx, quick, VerbEnd, EndQuestion{Of{m.Book.ID}, state, text}, nil)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrAway) || !pause(ctx, lookEvery) {
				return fmt.Errorf("close the journal: %w", err)
			}
		}
	}
	return nil
}

// beat gives a sign of life on both servers until ctx ends, and keeps the
// primary drained. That one of them cannot be told is seen by the next step.
func (m *Move) beat(ctx context.Context) {
	for pause(ctx, beatEvery) {
		_ = m.journal.tell(ctx)
		m.drainOn(ctx)
	}
}
