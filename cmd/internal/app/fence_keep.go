package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// DescribeFence says that a server was fenced, and what ends that.
func DescribeFence(f *switchover.Fence) string {
	return fmt.Sprintf("%s fenced it at %s: %s; it starts nothing that needs the role until it has heard of epoch %d",
		inert.Text(f.By), node.Moment(f.At).Time().Format(time.RFC3339), inert.Text(f.Reason), f.Epoch)
}

// obeyWithin is how long what needs the role may take to end.
const obeyWithin = 10 * time.Second

// harmless has all ended that needs the role, and waits for it, once a fence is
// in force. An error says why that is not known.
func (k *timekeeper) harmless(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, obeyWithin)
	defer cancel()
	for {
		h, err := k.here(ctx)
		if err != nil {
			return err
		}
		if h.Role == node.Primary && !pause(ctx, endLook) {
			return errors.New("no fence is in force")
		}
		if h.Role != node.Primary {
			break
		}
	}
	// It is done between two passes of who decides: none that began before the
	// fence goes on after it.
	if _, err := k.engine.CancelRole(ctx, false, byItself); err != nil {
		return err
	}
	for {
		going, _, err := k.data.Node.RoleRuns(ctx, 1)
		if err != nil || len(going) == 0 {
			return err
		}
		if !pause(ctx, endLook) {
			return fmt.Errorf("run %d of %s goes on", going[0].ID, going[0].Name)
		}
	}
}

// lift removes a fence that is not in force any more.
func (k *roleKeeper) lift(ctx context.Context) error {
	f := readFence(k.fence.dir)
	if f == nil {
		return nil
	}
	self, err := k.node.Self(ctx)
	if err != nil || fences(f, self) {
		return err
	}
	if err := liftFence(k.fence.dir); err != nil {
		k.log.Warn("a fence that is over is not removed", "err", err)
		return nil
	}
	k.log.Info("the fence is lifted", "by", f.By, "epoch", f.Epoch)
	return k.look(ctx)
}

func (k *roleKeeper) fenced(ctx context.Context, all *concerns, _ record.Instant) error {
	self, err := k.node.Self(ctx)
	if err != nil {
		return err
	}
	if f := k.fence.now(self); f != nil && self.Role == node.Primary {
		all.add(concern{code: "fenced", severity: "error"}, "%s; if that is wrong: twinctl role confirm --epoch %d", DescribeFence(f), self.Epoch)
	}
	return nil
}

// oldPrimary tells of a primary of before that does not know yet that it is none:
// it was not there when this server took the role by one of these moves.
func (k *roleKeeper) oldPrimary(ctx context.Context, all *concerns, books []node.Runbook) error {
	self, err := k.node.Self(ctx)
	if err != nil || self.Role != node.Primary || self.Superseded() {
		return err
	}
	for _, b := range books {
		var done switchover.Promoted
		if b.Intent != node.IntentPromote || b.Taker != self.Name || json.Unmarshal(b.Result, &done) != nil || done.Epoch != self.Epoch {
			continue
		}
		known, err := k.acknowledged(ctx, self.Epoch)
		if err == nil && !known && !done.Acked {
			all.add(concern{code: "old_primary", of: b.Giver, severity: "error"},
				"%s has not acknowledged epoch %d: it is told when it returns, and steps down by itself; until then it may act as primary", b.Giver, self.Epoch)
		}
		return err
	}
	return nil
}

// acknowledged tells whether the twin has said that it has seen an epoch.
func (k *roleKeeper) acknowledged(ctx context.Context, epoch int64) (bool, error) {
	for _, way := range []node.Direction{node.Out, node.In} {
		_, word, err := lastWord(ctx, k.node, way)
		if err != nil || word != nil && word.Doc.Epoch >= epoch {
			return err == nil, err
		}
	}
	return false, nil
}
