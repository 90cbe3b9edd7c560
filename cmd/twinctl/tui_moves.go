package main

import (
	"context"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/node"
)

// movesShown is how many moves of the role the screens show.
const movesShown = 200

// A helm is what the screens see of moves of the role: what both servers have
// noted. What a key does about it is a line of twinctl.
type helm struct{ *site }

// Moves implements tui.Mover.
func (h helm) Moves(ctx context.Context) ([]node.Runbook, error) {
	return h.data.Node.Runbooks(ctx, movesShown)
}

// Move implements tui.Mover.
func (h helm) Move(ctx context.Context, id string) (node.Runbook, string, error) {
	b, err := h.data.Node.Runbook(ctx, id)
	if err != nil || b.State != node.RunbookOpen || b.Runner != h.Name {
		return b, "", err
	}
	waits, err := h.data.Node.Doing(ctx, app.SwitchRole, app.ResumeSwitch, app.PromoteRole)
	return b, waits, err
}
