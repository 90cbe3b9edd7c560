package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// halted tells of a move of the role that nobody goes through any more, and that
// nobody has ended: both servers have its journal. Until that is ended no other
// move can begin, and it may be that nobody is primary.
func (k *roleKeeper) halted(ctx context.Context, all *concerns, now record.Instant) error {
	b, err := k.node.Runbook(ctx, "")
	if errors.Is(err, node.ErrNoRunbook) {
		return nil
	}
	if err == nil && b.Stale(now) {
		all.add(concern{code: "switchover_halted", severity: "error"}, "%s", describeHalted(b))
	}
	return err
}

// describeHalted says which move has halted where, and what ends that.
func describeHalted(b node.Runbook) string {
	at := ""
	if n := len(b.Notes); n > 0 {
		at = " at " + inert.Text(b.Notes[n-1].Step)
	}
	what, next := "switch-over", "twinctl switchover --resume, or --abort, on either server"
	if b.Intent == node.IntentPromote {
		what, next = "promotion", "twinctl promote --primary-is-down on "+inert.Text(b.Taker)+", or twinctl switchover --abort"
	}
	return fmt.Sprintf("the %s from %s to %s has halted%s (begun by %s at %s, run by %s): %s", what, inert.Text(b.Giver), inert.Text(b.Taker), at,
		inert.Text(b.Actor), b.Started.Time().Format(time.RFC3339), inert.Text(b.Runner), next)
}
