package switchover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover/preflight"
)

// The points at which programs of the site are called.
const (
	hookPreSwitch   = "pre_switch"
	hookPreDemote   = "pre_demote"
	hookPostDemote  = "post_demote"
	hookPrePromote  = "pre_promote"
	hookPostPromote = "post_promote"
	hookPostSwitch  = "post_switch"
	hookFailed      = "on_failed"
)

const (
	drainedFor   = 15 * time.Second // at a time; see beatEvery
	demoteWithin = 30 * time.Second
	hookWithin   = 5 * time.Minute
	syncWithin   = 2 * time.Minute
	lookEvery    = 200 * time.Millisecond
	settled      = 2500 * time.Millisecond // by then what servers tell is of after the last move
)

// given tells whether the role was given away by this move.
func (m *Move) given() bool { return m.token != nil }

// hooked tells whether pre_switch was called.
func (m *Move) hooked() bool { return m.given() || m.journal.last("hooks") == node.NoteDone }

// carried tells whether the new primary knows all that the old one ran.
func (m *Move) carried() bool { return m.promoted() || m.given() && m.read.taker.Told >= m.token.Mark }

// promoted tells whether the other server has the role by now.
func (m *Move) promoted() bool { return m.read.taker.State == node.TokenTaken }

// preflight looks again for a while where something blocks the move: what a server
// tells of itself may be as old as its last heartbeat, and of before another move.
func (m *Move) preflight(ctx context.Context) (string, error) {
	var all []preflight.Check
	for since := time.Now(); ; {
		var err error
		if all, err = m.checks(ctx); err != nil {
			return "", err
		}
		said := preflight.Because(all)
		if said == "" {
			break
		}
		if time.Since(since) > settled || !pause(ctx, lookEvery) {
			return "", fmt.Errorf("%w: %s", ErrBlocked, said)
		}
	}
	warnings := 0
	for _, c := range all {
		if c.Level == preflight.Warning {
			warnings++
		}
	}
	return fmt.Sprintf("%d checks, %d warnings", len(all), warnings), nil
}

// preSwitch calls a program on both, and ends the move if one says no.
func (m *Move) preSwitch(ctx context.Context) (string, error) {
	return m.hookBoth(ctx, hookPreSwitch)
}

func (m *Move) hookBoth(ctx context.Context, point string) (string, error) {
	var wait sync.WaitGroup
	sides := [2]Side{m.giver, m.taker}
	var said [2]string
	var failed [2]error
	for i, side := range sides {
		wait.Go(func() { said[i], failed[i] = m.hook(ctx, side, point) })
	}
	wait.Wait()
	return join(said[:]...), errors.Join(failed[:]...)
}

// hook calls a program on one server, and says what it did, "" if there is none.
func (m *Move) hook(ctx context.Context, on Side, point string) (string, error) {
	q := HookQuestion{Of: Of{m.Book.ID}, Point: point, Step: m.step, Epoch: m.epoch}
	if m.token != nil {
		q.At = m.token.At
	}
	var done Hooked
	if err := on.ask(ctx, hookWithin, VerbHook, q, &done); err != nil {
		return "", fmt.Errorf("hook %s: %w", point, err)
	}
	if done.Failed != "" {
		return "", fmt.Errorf("%s: hook %s: %s", inert.Text(on.Name), point, brief(done.Failed))
	}
	if !done.Ran {
		return "", nil
	}
	return fmt.Sprintf("%s of %s took %d ms", point, on.Name, done.TookMS), nil
}

func (m *Move) drain(ctx context.Context) (string, error) {
	if err := m.drained.take(ctx); err != nil {
		return "", err
	}
	defer m.drained.give()
	if err := m.giver.ask(ctx, quick, VerbDrain, Of{m.Book.ID}, nil); err != nil {
		return "", err
	}
	m.draining = true
	return "", nil
}

// drainOn goes on with it, if it was begun.
func (m *Move) drainOn(ctx context.Context) {
	if m.drained.take(ctx) != nil {
		return
	}
	defer m.drained.give()
	if m.draining {
		_ = m.giver.ask(ctx, quick, VerbDrain, Of{m.Book.ID}, nil) // the demotion will tell
	}
}

func (m *Move) refill(ctx context.Context) error {
	if err := m.stopDraining(ctx); err != nil {
		return err
	}
	return m.giver.ask(ctx, quick, VerbRefill, Of{m.Book.ID}, nil)
}

func (m *Move) stopDraining(ctx context.Context) error {
	if err := m.drained.take(ctx); err != nil {
		return err
	}
	defer m.drained.give()
	m.draining = false
	return nil
}

func (m *Move) sync(ctx context.Context) (string, error) {
	var done Synced
	if err := m.giver.ask(ctx, syncWithin, VerbSync, Of{m.Book.ID}, &done); err != nil {
		return "", err
	}
	if done.Refused != "" {
		return "", fmt.Errorf("%s: %s", inert.Text(m.giver.Name), brief(done.Refused))
	}
	if done.Changes {
		return fmt.Sprintf("generation %d was sent", done.Generation), nil
	}
	return fmt.Sprintf("in sync at generation %d", done.Generation), nil
}

// wait waits for runs, and ends them first where that was asked for.
func (m *Move) wait(ctx context.Context) (string, error) {
	said := ""
	if m.options.OnRunning != RunningWait {
		var done Cancelled
		q := CancelQuestion{Of{m.Book.ID}, m.options.OnRunning == RunningHandoff}
		if err := m.giver.ask(ctx, time.Minute, VerbCancel, q, &done); err != nil {
			return "", err
		}
		if done.Runs > 0 {
			said = fmt.Sprintf("%d cancelled", done.Runs)
		}
	}
	var last Reading
	for {
		now, err := m.giver.Read(ctx, ReadQuestion{Of: Of{m.Book.ID}})
		switch {
		case err != nil && ctx.Err() != nil && len(last.Going) > 0:
			return "", fmt.Errorf("%s: %s: %w", inert.Text(m.giver.Name), going(last), ctx.Err())
		case err != nil:
			return "", err
		case len(now.Going) == 0:
			return said, nil
		}
		last = now
		m.say("wait", going(now))
		pause(ctx, lookEvery)
	}
}

// going says which runs are waited for.
func going(r Reading) string {
	var said []string
	for _, g := range r.Going {
		said = append(said, fmt.Sprintf("run %d of %s since %s", g.Run, g.Timetable, g.Since.Time().Format(time.TimeOnly)))
	}
	return strings.Join(said, ", ") + " goes on"
}

func (m *Move) demote(ctx context.Context) (string, error) {
	said, err := m.hook(ctx, m.giver, hookPreDemote)
	if err != nil {
		return "", err
	}
	m.clock.begin = time.Now()
	t, err := m.giver.demote(ctx, DemoteQuestion{Of{m.Book.ID}, m.epoch})
	if err != nil {
		return "", err
	}
	m.token = &t
	_ = m.stopDraining(ctx) // it is drained no longer whatever it is told: it has no role
	after, err := m.hook(ctx, m.giver, hookPostDemote)
	if err != nil {
		after = err.Error() // the role is given away: nothing is to be said against that any more
	}
	return join(said, "cut-over at "+t.At.String(), after), nil
}

// carry brings the rows of the old primary's ledger to the new one, up to the mark.
func (m *Move) carry(ctx context.Context) (string, error) {
	rows, have := 0, m.read.taker.Told
	for have < m.token.Mark {
		var page node.RunPage
		if err := m.giver.ask(ctx, quick, VerbLedger, LedgerQuestion{have}, &page); err != nil {
			return "", err
		}
		var told Told
		if err := m.taker.ask(ctx, quick, VerbTold, ToldQuestion{Of{m.Book.ID}, page}, &told); err != nil {
			return "", err
		}
		if told.Through <= have && !page.Anew {
			return "", m.giver.odd(fmt.Errorf("it tells nothing of its runs after %d, up to %d", have, m.token.Mark))
		}
		rows, have = rows+len(page.Rows), told.Through
	}
	m.read.taker.Told = have
	if rows == 1 {
		return "1 row", nil
	}
	return fmt.Sprintf("%d rows", rows), nil
}

func (m *Move) promote(ctx context.Context) (string, error) {
	said, err := m.hook(ctx, m.taker, hookPrePromote)
	if err != nil {
		return "", err
	}
	is, err := m.taker.standing(ctx, VerbPromote, TokenQuestion{Of{m.Book.ID}, *m.token})
	if err != nil {
		return "", err
	}
	m.clock.end = time.Now()
	m.read.taker.Standing, m.read.taker.State = is, node.TokenTaken
	after, err := m.hook(ctx, m.taker, hookPostPromote)
	if err != nil {
		after = err.Error()
	}
	return join(said, fmt.Sprintf("%s is primary, epoch %d", is.Name, is.Epoch), after), nil
}

// verify reads both, and has the old primary try to sync: it must not want to.
func (m *Move) verify(ctx context.Context) (string, error) {
	if err := m.observe(ctx); err != nil {
		return "", err
	}
	g, t := m.read.giver, m.read.taker
	switch {
	case !t.Primary():
		return "", fmt.Errorf("%w: %s is %s, epoch %d, and has seen %d", ErrOvertaken, inert.Text(t.Name), t.Role, t.Epoch, t.Seen)
	case g.Role != node.Secondary || g.Seen != t.Epoch:
		return "", fmt.Errorf("%s is %s, and has seen epoch %d", inert.Text(g.Name), g.Role, g.Seen)
	}
	var done Synced
	if err := m.giver.ask(ctx, syncWithin, VerbSync, Of{m.Book.ID}, &done); err != nil {
		return "", err
	}
	if done.Refused == "" {
		return "", fmt.Errorf("%s still syncs as primary", inert.Text(g.Name))
	}
	return fmt.Sprintf("%s is primary, epoch %d; %s is secondary, and syncs no more", t.Name, t.Epoch, g.Name), nil
}

func (m *Move) probe(ctx context.Context) (string, error) {
	var run node.Run
	if err := m.taker.ask(ctx, time.Minute, VerbProbe, Of{m.Book.ID}, &run); err != nil {
		return "", err
	}
	if run.State != node.RunOK || run.Epoch != m.read.taker.Epoch {
		return "", fmt.Errorf("%s: run %d of the probe is %s, epoch %d: %s",
			inert.Text(m.taker.Name), run.ID, brief(string(run.State)), run.Epoch, brief(run.Reason))
	}
	return fmt.Sprintf("run %d", run.ID), nil
}

// publish calls the programs of both. What they make of it changes nothing.
func (m *Move) publish(ctx context.Context) (string, error) {
	said, err := m.hookBoth(ctx, hookPostSwitch)
	if err != nil && errors.Is(err, ErrAway) {
		return "", err
	}
	if err != nil {
		return err.Error(), nil //nolint:nilerr // it stands in the journal
	}
	return said, nil
}

// gap is how long nobody was primary, nil if nobody measured it.
func (m *Move) gap() *time.Duration {
	if m.clock.begin.IsZero() || m.clock.end.IsZero() {
		return nil
	}
	d := m.clock.end.Sub(m.clock.begin)
	return &d
}

// join puts together what there is to say.
func join(all ...string) string {
	var said []string
	for _, s := range all {
		if s != "" {
			said = append(said, s)
		}
	}
	return strings.Join(said, "; ")
}

// pause waits, and tells whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
