package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/switchover/preflight"
)

// switchOver moves the role from a to b while the report has to run every other
// second, and proves from the two ledgers that each of its slots ran once.
func switchOver(ctx context.Context, o Options, a, b *twin) error {
	fmt.Fprintln(o.Out, "The role moves while the report goes on:")
	last, err := a.lastRun(ctx, 0)
	if err != nil {
		return err
	}
	if err := runAll(ctx, o.Out, []typed{{a, []string{"maintenance", "off"}, cli.OK}}); err != nil {
		return err
	}
	from, err := a.runsOn(ctx, last)
	if err != nil {
		return err
	}
	if err := (move{a, b, node.IntentSwitchover, [][]string{
		{"switchover", "--dry-run"},
		{"switchover", "--yes", "--reason", "new disks"},
	}}).do(ctx, o); err != nil {
		return err
	}
	to, err := b.runsOn(ctx, from+reportStep)
	if err != nil {
		return err
	}
	if err := runAll(ctx, o.Out, []typed{
		{a, []string{"run", "list", "--server", a.name, "-n", "3"}, cli.OK},
		{b, []string{"run", "list", "--server", b.name, "-n", "3"}, cli.OK},
	}); err != nil {
		return err
	}
	return onceEach(ctx, o.Out, stretch{from: from, to: to, on: []*twin{a, b}})
}

// failback moves the role from a, which took it alone, to b once more and home.
func failback(ctx context.Context, o Options, a, b *twin) error {
	fmt.Fprintf(o.Out, "%s is well again: it gets the role, and gives it back.\n", b.name)
	from, err := a.lastRun(ctx, 0)
	if err != nil {
		return err
	}
	if err := (move{a, b, node.IntentSwitchover, [][]string{
		{"switchover", "--yes", "--reason", b.name + " is well again"},
	}}).do(ctx, o); err != nil {
		return err
	}
	if err := (move{b, a, node.IntentFailback, [][]string{
		{"switchover", "--failback", "--yes", "--skip-check", "calm"},
	}}).do(ctx, o); err != nil {
		return err
	}
	to, err := a.runsOn(ctx, from+reportStep)
	if err != nil {
		return err
	}
	if err := onceEach(ctx, o.Out, stretch{from: from, to: to, on: []*twin{a, b}}); err != nil {
		return err
	}
	return runAll(ctx, o.Out, []typed{{a, []string{"switchover", "history"}, cli.OK}})
}

// A move is one of the role, by lines that are typed on who has it.
type move struct {
	from, to *twin
	intent   node.Intent
	lines    [][]string
}

// do waits until nothing blocks the move, has it done, and reads back who has the
// role.
func (m move) do(ctx context.Context, o Options) error {
	var why string
	if err := waitFor(ctx, readyWithin, "the two to be ready for a "+string(m.intent), func(ctx context.Context) (bool, error) {
		plan, err := m.from.planned(ctx, m.intent)
		if ctx.Err() == nil { // a question that was cut short says nothing
			why = preflight.Because(plan.Checks)
		}
		return plan.Ready, err
	}); err != nil {
		return fmt.Errorf("%w: %s", err, why)
	}
	for _, line := range m.lines {
		if err := (typed{m.from, line, cli.OK}).run(ctx, o.Out); err != nil {
			return err
		}
	}
	return primaryIs(ctx, m.to, m.from)
}

// readyWithin is how soon after a change both servers are ready for a move: they
// exchange what they know every five seconds.
const readyWithin = 2 * time.Minute

// planned plans a move of the role from this server, as both are now. That the
// last one was not long ago is no matter here.
func (t *twin) planned(ctx context.Context, intent node.Intent) (switchover.Plan, error) {
	here, there, ways, err := app.Both(ctx, app.Witness{Config: t.cfg, Data: t.data, Say: app.Say(t.cfg, t.data)})
	if err != nil {
		return switchover.Plan{}, err
	}
	return switchover.MakePlan(
		switchover.Wish{Intent: intent, Options: switchover.Options{
			OnRunning: switchover.RunningWait, DrainS: int64(switchover.DrainFor.Seconds()), SkipChecks: []string{"calm"},
		}},
		switchover.Seen{Here: here, There: there, Ways: ways, Limits: preflight.Usual()})
}

// primaryIs reads back that the one server is primary and the other secondary,
// and that both have seen the same epoch.
func primaryIs(ctx context.Context, primary, secondary *twin) error {
	here, err := primary.data.Node.Self(ctx)
	if err != nil {
		return err
	}
	there, err := secondary.data.Node.Self(ctx)
	if err != nil {
		return err
	}
	if here.Role != node.Primary || there.Role != node.Secondary || here.EpochSeen != there.EpochSeen {
		return fmt.Errorf("demo: %s is %s (epoch %d) and %s is %s (epoch %d): %w", here.Name, here.Role, here.EpochSeen,
			there.Name, there.Role, there.EpochSeen, errNotSo)
	}
	return nil
}

// errNotSo ends a demo in which a claim does not hold.
var errNotSo = errors.New("this is not as it was said")
