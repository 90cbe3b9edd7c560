package push

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
)

// fill puts into the plan what is known of each decision, and what is to be
// sent for it. The bodies of the secondary's rows are asked for, because they
// are what will be lost.
func (p *Pusher) fill(ctx context.Context, plan *Plan, decisions []Decision, pending []admin.Pending) error {
	ours, err := p.ours(ctx, decisions, pending)
	if err != nil {
		return err
	}
	theirs, err := p.bodiesThere(ctx, decisions, ours)
	if err != nil {
		return err
	}
	plan.ops = Ops(decisions, func(n admin.Name) admin.Body { return ours[n] })
	plan.edits = Adoptions(decisions, func(n admin.Name) admin.Body { return theirs[n] })
	slices.SortFunc(decisions, func(a, b Decision) int { return admin.CompareShown(a.Name, b.Name) })
	kinds := map[string]admin.Kind{}
	for _, k := range admin.Kinds() {
		kinds[k.Name] = k
	}
	plan.Rows = make([]Row, len(decisions))
	for i, d := range decisions {
		plan.Rows[i] = newRow(kinds[d.Kind], d, ours[d.Name], theirs[d.Name])
		p.effects(&plan.Rows[i])
	}
	if plan.Empty() {
		return nil
	}
	return p.encode(ctx, plan)
}

// encode makes the bundle that the plan sends, if nothing is edited here until
// then but what the plan itself adopts.
func (p *Pusher) encode(ctx context.Context, plan *Plan) (err error) {
	own := plan.Primary.Position.Generation
	if len(plan.edits) > 0 {
		own++
	}
	plan.to.Generation = max(own, plan.above()+1)
	if plan.to.Root, err = p.Reader.Target(ctx, plan.Ground.Generation, plan.ops); err != nil {
		return err
	}
	plan.text, err = plan.bundle(p.Options.By, plan.to).Encode()
	plan.Bytes = int64(len(plan.text))
	return err
}

// above returns the last generation that both sides have used as that of a base
// or, on the secondary, of anything.
func (p *Plan) above() int64 {
	return max(p.Secondary.Position.Generation, p.Secondary.Position.BaseGeneration, p.Primary.Position.BaseGeneration)
}

func moved(where string, n admin.Name) error { return fmt.Errorf("%w: %q on %s", ErrMoved, n, where) }

func (p *Pusher) effects(r *Row) {
	if p.Options.Effects != nil && r.There != None {
		r.Effects = p.Options.Effects(admin.Change{Kind: r.Kind, Key: r.Key, Before: r.Before, After: r.After})
	}
}

// ours returns what the rows are on the primary; what was not edited here has
// to be read. ErrMoved if one is another by now.
func (p *Pusher) ours(ctx context.Context, decisions []Decision, pending []admin.Pending) (map[admin.Name]admin.Body, error) {
	bodies := make(map[admin.Name]admin.Body, len(decisions))
	for _, row := range pending {
		bodies[admin.Name{Kind: row.Kind, Key: row.Key}] = row.Body
	}
	for _, d := range decisions {
		if _, known := bodies[d.Name]; known || d.Ours == (admin.Hash{}) {
			continue
		}
		row, err := p.Editor.Row(ctx, d.Name)
		if errors.Is(err, admin.ErrNoRow) || err == nil && row.Hash() != d.Ours {
			return nil, moved("this server", d.Name)
		}
		if err != nil {
			return nil, err
		}
		bodies[d.Name] = row.Body
	}
	return bodies, nil
}

// bodiesThere returns what the rows are on the secondary. Those that are equal
// here are not asked for.
func (p *Pusher) bodiesThere(ctx context.Context, decisions []Decision, ours map[admin.Name]admin.Body) (map[admin.Name]admin.Body, error) {
	var wanted []Decision
	for _, d := range decisions {
		if d.Theirs != (admin.Hash{}) && d.Theirs != d.Ours {
			wanted = append(wanted, d)
		}
	}
	theirs, err := remote{p.Peer}.rows(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		if d.Theirs == d.Ours {
			theirs[d.Name] = ours[d.Name]
		}
	}
	return theirs, nil
}

// bundle returns what travels, when the base becomes to.
func (p *Plan) bundle(by admin.Author, to Ground) *bundle.Bundle {
	b := &bundle.Bundle{
		Pair: p.Primary.Pair, Sender: p.Primary.Name, Head: p.Primary.Position.Head, Epoch: p.Primary.Epoch,
		From: p.Ground.Generation, To: to.Generation, BaseRoot: p.Ground.baseRoot(), TargetRoot: to.Root, Drift: p.drift,
		Catalogue: p.Primary.Position.Catalogue, Author: by.Actor, Ops: p.ops,
	}
	for _, op := range p.ops {
		if !slices.Contains(b.Kinds, op.Kind) {
			b.Kinds = append(b.Kinds, op.Kind)
		}
	}
	slices.SortFunc(b.Kinds, func(x, y string) int {
		return admin.CompareShown(admin.Name{Kind: x}, admin.Name{Kind: y})
	})
	return b
}
