package app

import (
	"context"
	"strings"

	"github.com/twinctl/twin/cmd/internal/hooks"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
)

// hook calls the program of a point, as this server's twin.toml names it, and
// tells what came of it. That one fails is an answer, not an error.
func (r roleSide) hook(ctx context.Context, b node.Runbook, q switchover.HookQuestion) (done switchover.Hooked, err error) {
	self, err := r.Node.Self(ctx)
	if err != nil {
		return done, err
	}
	pair, err := r.Node.Pair(ctx)
	if err != nil {
		return done, err
	}
	f := hooks.Facts{
		Node: self.Name, Role: string(self.Role), Epoch: self.Epoch, From: b.Giver, To: b.Taker,
		Intent: hookIntent(b.Intent), Runbook: b.ID, Step: q.Step, Reason: b.Reason,
	}
	if pair != nil {
		f.Pair = pair.Pair
	}
	if q.At != 0 {
		f.Tc = q.At.Time()
	}
	ran, result, err := r.Config.Hooks.Runnable().Run(ctx, q.Point, f)
	done.Ran, done.TookMS = ran, result.Took.Milliseconds()
	if err != nil {
		done.Failed = strings.TrimSpace(err.Error() + "\n" + result.Tail)
	}
	return done, nil
}

// hookIntent says why the role moves, as programs of the site know it.
func hookIntent(i node.Intent) string {
	switch i {
	case node.IntentFailback:
		return hooks.Failback
	case node.IntentDrill:
		return hooks.Drill
	case node.IntentPromote:
		return hooks.Unplanned
	case node.IntentSwitchover:
	}
	return hooks.Planned
}
