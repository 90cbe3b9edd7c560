package demo

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

// lost kills the primary b, has a take the role alone, starts b again, and waits
// until that is secondary and has what it missed; and proves from the two ledgers
// that each slot of the report ran.
func lost(ctx context.Context, o Options, a, b *twin) error {
	from, err := b.lastRun(ctx, 0)
	if err != nil {
		return err
	}
	if err := b.kill(); err != nil {
		return err
	}
	gone, err := b.leaves(ctx)
	if err != nil {
		return err
	}
	o.pbx.release()
	fmt.Fprintf(o.Out, "The twind of %s, the primary, is killed with -9:\n", b.name)
	if err := runAll(ctx, o.Out, []typed{
		{a, []string{"promote", "--primary-is-down", "--no-input"}, cli.Refused},
		{a, []string{"promote", "--primary-is-down", "--confirm", b.name, "--reason", "its twind was killed"}, cli.OK},
	}); err != nil {
		return err
	}
	if err := a.isPrimary(ctx); err != nil {
		return err
	}
	to, err := a.runsOn(ctx, from+reportStep)
	if err != nil {
		return err
	}
	if err := gone.end(ctx, o, a); err != nil {
		return err
	}
	s := stretch{from: from, to: to, on: []*twin{a, b}}
	c, err := s.settled(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s: none lost, %d twice, which %s had run and not told\n", s.told(c), len(c.twice), b.name)
	return nil
}

// end starts a primary that was lost, and waits until it has stepped down and
// has what it did not hear.
func (g *absence) end(ctx context.Context, o Options, primary *twin) error {
	t := g.of
	if err := g.back(ctx, o, primary); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%s is started again:\n", t.name)
	if err := waitFor(ctx, readyWithin, t.name+" to step down", func(ctx context.Context) (bool, error) {
		self, err := t.data.Node.Self(ctx)
		return self.Role == node.Secondary, err
	}); err != nil {
		return err
	}
	if err := primaryIs(ctx, primary, t); err != nil {
		return err
	}
	if err := g.over(ctx, o); err != nil {
		return err
	}
	return runAll(ctx, o.Out, []typed{{t, []string{"role", "show"}, cli.OK}})
}

// isPrimary reads back that this server is.
func (t *twin) isPrimary(ctx context.Context) error {
	self, err := t.data.Node.Self(ctx)
	if err == nil && (self.Role != node.Primary || self.Epoch != self.EpochSeen) {
		err = fmt.Errorf("demo: %s is %s, epoch %d of %d: %w", t.name, self.Role, self.Epoch, self.EpochSeen, errNotSo)
	}
	return err
}

// kill ends the server as a crash would.
func (t *twin) kill() error {
	if err := t.proc.Process.Kill(); err != nil {
		return fmt.Errorf("demo: kill %s: %w", t.name, err)
	}
	<-t.ended
	return nil
}
