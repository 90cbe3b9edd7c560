package app

import (
	"context"
	"errors"
	"time"

	"github.com/twinctl/twin/cmd/internal/hooks"
)

// errMoved ends a hook that was called for a role that is no more.
var errMoved = errors.New("the role has changed")

// call calls the hook, one at a time. One that was called for what is no more
// is ended first.
func (p *publisher) call(ctx context.Context) error {
	wait := publishRetry
	for {
		n, changed := p.latest()
		next := publishAgain
		if n.file != "" { // something was seen
			err := p.hook(ctx, n, changed)
			p.mu.Lock()
			p.uncalled = err
			p.mu.Unlock()
			if err != nil {
				next, wait = wait, min(2*wait, publishAgain)
			} else {
				wait = publishRetry
			}
		}
		select {
		case <-changed:
			wait = publishRetry
		case <-time.After(next):
		case <-ctx.Done():
			return nil
		}
	}
}

// hook calls it once. The error is nil if there is none, or if it was ended
// because another call follows, or none any more.
func (p *publisher) hook(ctx context.Context, n notice, changed <-chan struct{}) error {
	if len(n.hook) == 0 {
		return nil
	}
	facts, err := p.facts(ctx, n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-changed:
			cancel(errMoved)
		case <-ctx.Done():
		}
	}()
	_, done, err := p.config().Hooks.Runnable().Run(ctx, hooks.OnRoleChange, facts)
	if ctx.Err() != nil {
		return nil
	}
	p.log.Info("hook called", "hook", hooks.OnRoleChange, "role", facts.Role, "epoch", facts.Epoch, "exit", done.Exit, "took", done.Took, "err", err)
	return err
}

// facts are what the hook is told.
func (p *publisher) facts(ctx context.Context, n notice) (hooks.Facts, error) {
	self, err := p.node.Self(ctx)
	if err != nil {
		return hooks.Facts{}, err
	}
	pair, err := p.node.Pair(ctx)
	if err != nil {
		return hooks.Facts{}, err
	}
	f := hooks.Facts{Node: self.Name, Role: n.word(), Epoch: n.epoch, Reason: n.why}
	if pair != nil {
		f.Pair = pair.Pair
	}
	return f, nil
}
