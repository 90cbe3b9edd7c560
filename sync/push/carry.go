package push

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/bundle"
)

// Run makes a plan, has it confirmed and carries it out. confirm is asked
// before anything is changed, and not where the plan may not be carried out or
// has nothing to do; that it returns false is ErrDeclined. The plan is returned
// with an error too, so that it can be shown.
func (p *Pusher) Run(ctx context.Context, confirm func(context.Context, *Plan) (bool, error)) (*Plan, Result, error) {
	plan, err := p.Plan(ctx)
	if err != nil {
		return nil, Result{}, err
	}
	if err := plan.Check(p.Options.AllowDeletes); err != nil {
		return plan, Result{}, err
	}
	if plan.Empty() {
		return plan, plan.asItIs(), nil
	}
	ok, err := confirm(ctx, plan)
	if err != nil {
		return plan, Result{}, err
	}
	if !ok {
		return plan, Result{}, ErrDeclined
	}
	result, err := p.carry(ctx, plan)
	return plan, result, err
}

// asItIs is the result where nothing had to be done: it was read just now.
func (p *Plan) asItIs() Result {
	s := p.Secondary
	return Result{Base: Ground{s.Position.BaseGeneration, s.Position.BaseRoot}, Secondary: s, Counts: []Done{}}
}

// carry carries a plan out that was shown. Each step may be the last: what was
// adopted is found equal on both by the next plan, what arrived by the next
// hello.
func (p *Pusher) carry(ctx context.Context, plan *Plan) (Result, error) {
	if n := int64(len(plan.edits)); n > 0 {
		p.Options.tell(Adopting, 0, n)
		if _, err := p.Editor.Change(ctx, p.Options.By, plan.edits, admin.How{}); err != nil {
			if errors.Is(err, admin.ErrConflict) {
				err = fmt.Errorf("%w: %w", ErrMoved, err)
			}
			return Result{}, fmt.Errorf("adopt %s of %s: %w", rows(len(plan.edits)), inert.Text(plan.Secondary.Name), err)
		}
		p.Options.tell(Adopting, n, n)
	}
	b, err := p.ready(ctx, plan)
	if err != nil {
		return Result{}, err
	}
	if err := p.Sender.Sending(ctx, b.Facts(plan.text), plan.ops); err != nil {
		return Result{}, err
	}
	result := Result{Base: plan.to, Bundle: bundle.DigestOf(plan.text), Bytes: int64(len(plan.text)), Counts: doneOf(b.Counts())}
	if err := p.deliver(ctx, plan.text, plan.to); err != nil {
		return result, err
	}
	p.Options.tell(Reading, 0, 0)
	result.Secondary, err = p.readBack(ctx, plan.to)
	return result, err
}

// ready takes the generation that the base becomes. Who edited here while the
// plan was looked at has taken the one that stands in the bundle: then it is
// made anew, of the same rows.
func (p *Pusher) ready(ctx context.Context, plan *Plan) (*bundle.Bundle, error) {
	generation, err := p.Editor.Raise(ctx, plan.above())
	if err != nil {
		return nil, err
	}
	promised := plan.to.Generation
	plan.to.Generation = generation
	b := plan.bundle(p.Options.By, plan.to)
	if generation != promised {
		plan.text, err = b.Encode()
	}
	return b, err
}

// deliver has the bundle applied, and notes that it was. What the twin's word
// of it is lost on, its next hello tells.
func (p *Pusher) deliver(ctx context.Context, text []byte, to Ground) error {
	sent := false
	q := bundle.ApplyQuestion{From: p.Options.By.From}
	total := int64(len(text))
	p.Options.tell(Sending, 0, total)
	a, err := remote{p.Peer}.apply(ctx, text, q, func(done int64) {
		p.Options.tell(Sending, done, total)
		if done == total && !sent {
			sent = true
			p.Options.tell(Applying, 0, 0)
		}
	})
	switch {
	case err == nil && Ground{a.Position.BaseGeneration, a.Position.BaseRoot} != to:
		return fmt.Errorf("%w: the secondary says that it applied the bundle, and stands on generation %d", ErrUntrusted, a.Position.BaseGeneration)
	case err == nil:
		return p.agree(ctx, a.Position)
	case !sent:
		return err
	}
	ours, again := p.hello(ctx)
	var answer bundle.HelloAnswer
	if again == nil {
		answer, again = remote{p.Peer}.hello(ctx, ours)
	}
	if again == nil {
		again = p.check(ours, answer.Hello)
	}
	if again != nil {
		return fmt.Errorf("%w: %w; asked again: %w", ErrUnknown, err, again)
	}
	if (Ground{answer.Hello.Position.BaseGeneration, answer.Hello.Position.BaseRoot}) == to {
		return p.agree(ctx, answer.Hello.Position)
	}
	return err
}

// agree makes the base what the secondary says that its is.
func (p *Pusher) agree(ctx context.Context, theirs admin.Position) error {
	_, err := p.Sender.Agree(ctx, p.Options.By, theirs.BaseGeneration, theirs.Head)
	return err
}

// readBack asks the secondary where it stands now.
func (p *Pusher) readBack(ctx context.Context, to Ground) (bundle.Hello, error) {
	ours, err := p.hello(ctx)
	if err != nil {
		return bundle.Hello{}, err
	}
	a, err := remote{p.Peer}.hello(ctx, ours)
	if err != nil {
		return a.Hello, fmt.Errorf("%w: the secondary told that it is done, and then no more: %w", ErrUnknown, err)
	}
	if err := p.check(ours, a.Hello); err != nil {
		return a.Hello, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if got := (Ground{a.Hello.Position.BaseGeneration, a.Hello.Position.BaseRoot}); got != to {
		return a.Hello, fmt.Errorf("%w: the secondary stands on generation %d, where %d was agreed on", ErrUnknown, got.Generation, to.Generation)
	}
	return a.Hello, nil
}
