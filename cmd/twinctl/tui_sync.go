package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/push"
	"github.com/twinctl/twin/tui"
)

// A crossing is what the screens see of syncs.
type crossing struct{ *site }

// Agreements implements tui.Syncer.
func (c crossing) Agreements(ctx context.Context) ([]admin.Agreement, error) {
	return c.data.Admin.Agreements(ctx)
}

// Plan implements tui.Syncer.
func (c crossing) Plan(ctx context.Context, wish tui.Choices) (tui.Plan, error) {
	w := syncWish{drift: wish.Drift, first: wish.First, view: string(viewAll)}
	for row, side := range wish.Resolve {
		w.resolve = append(w.resolve, side+" "+row)
	}
	o, err := w.options(c.author("sync"))
	if err != nil {
		return tui.Plan{}, err
	}
	if err := c.notary().MayPush(ctx); errors.Is(err, bundle.ErrRole) {
		return c.received(ctx)
	} else if err != nil {
		return tui.Plan{}, err
	}
	held, err := app.LockSync(c.Data)
	if err != nil {
		return tui.Plan{}, err
	}
	defer held.Close() //nolint:errcheck // nothing was done under it
	var shown tui.Plan
	err = c.linked(ctx, o, func(p *push.Pusher) error {
		plan, err := p.Plan(ctx)
		if err == nil {
			shown = planOf(plan)
		}
		return err
	})
	if hint := cli.Hint(err); hint != "" {
		err = fmt.Errorf("%w; next: %s", err, hint)
	}
	return shown, err
}

// received is what the secondary has to say of syncs: where it stands itself.
func (c crossing) received(ctx context.Context) (tui.Plan, error) {
	at, err := c.data.Admin.Position(ctx)
	shown := tui.Plan{Here: c.Name, There: c.Name, Unknown: true, Verdict: fmt.Sprintf("%s holds generation %d", c.Name, at.BaseGeneration)}
	if at.Pending > 0 {
		shown.Blocked = app.Counted(int(at.Pending), "row") + " edited here alone: the next sync stops at that and asks"
	}
	return shown, err
}

func planOf(plan *push.Plan) tui.Plan {
	shown := tui.Plan{Here: plan.Primary.Name, There: plan.Secondary.Name, Verdict: syncView{}.verdict(plan), Idle: plan.Empty()}
	if err := plan.Check(0); err != nil {
		shown.Blocked = err.Error()
	}
	if plan.Ground.First() {
		shown.Verdict = fmt.Sprintf("first sync: there is nothing that both agreed on; %s", shown.Verdict)
	}
	for _, r := range plan.Rows {
		if r.Action != push.Agree {
			shown.Rows = append(shown.Rows, plannedRowOf(r))
		}
	}
	return shown
}

func plannedRowOf(r push.Row) tui.PlannedRow {
	row := tui.PlannedRow{Kind: r.Kind, Key: r.Key, Called: r.Label, Effects: r.Effects, Sign: changeMark(admin.Change{Before: r.Before, After: r.After})}
	switch {
	case r.Action == push.Push:
		row.Does = "sent"
	case r.Action == push.Adopt:
		row.Does = "adopted"
	case r.Action == push.Keep:
		row.Does = "kept"
	case r.Action == push.Leave:
		row.Does = "left"
	case r.Finding == push.Conflicting:
		row.Does = "conflict"
	default:
		row.Does = "drift"
	}
	for _, col := range r.Columns {
		here, there := valueText(col.Old), valueText(col.New)
		if r.Outward() {
			here, there = there, here // Before is the secondary's
		}
		row.Fields = append(row.Fields, tui.Paired{Field: col.Field, Here: here, There: there})
	}
	return row
}
