package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/link"
)

// RoleAbort asks the twin to end the move that its twind goes through.
const RoleAbort = "role.abort"

// abortWithin is how long the twin may take to undo one.
const abortWithin = time.Minute

// AbortArgs are the arguments of AbortSwitch and RoleAbort.
type AbortArgs struct {
	Here bool `json:"here"` // only what this twind goes through: the twin asks
}

// askAbort answers the request to end a move, be it one that this twind goes
// through, one that the twin's does, or one that has halted.
func (s *switcher) askAbort(ctx context.Context, r node.Request) node.Answer {
	return answered(r, func(args AbortArgs) (any, error) {
		s.mu.Lock()
		is := s.going
		s.mu.Unlock()
		if is != nil {
			return is.end(ctx, r.Actor)
		}
		there, err := s.runThere(ctx)
		switch {
		case err != nil:
			return nil, err
		case args.Here:
			return nil, cli.Fail(cli.Refused, errors.New("this twind goes through none"), "")
		case there:
			return s.abortThere(ctx)
		}
		done, err := s.goThrough(ctx, r, func(ctx context.Context, run switchover.Runner) (switchover.Result, error) {
			return run.Abort(ctx, r.Actor)
		})
		return aborted(done, err)
	})
}

// end ends it, and waits for what comes of that.
func (g *going) end(ctx context.Context, actor string) (switchover.Result, error) {
	g.abort(fmt.Errorf("%w by %s", switchover.ErrAborted, actor))
	select {
	case <-g.ended:
		return aborted(g.done, moved(g.err))
	case <-ctx.Done():
		return switchover.Result{}, ctx.Err()
	}
}

// aborted tells what came of it for whoever wanted it undone.
func aborted(done switchover.Result, err error) (switchover.Result, error) {
	switch {
	case errors.Is(err, switchover.ErrRolledBack):
		return done, nil
	case err == nil && done.Outcome == switchover.OutcomeDone:
		return done, cli.Fail(cli.Refused, fmt.Errorf("%s is primary, epoch %d: the role has gone over", done.Primary, done.Epoch), "twinctl switchover --failback")
	}
	return done, err
}

// runThere tells whether the open move is one that the twin's twind goes through.
func (s *switcher) runThere(ctx context.Context) (bool, error) {
	open, err := s.data.Node.Runbook(ctx, "")
	if errors.Is(err, node.ErrNoRunbook) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return open.State == node.RunbookOpen && open.Runner != s.config().Name && !open.Stale(record.At(time.Now())), nil
}

// abortThere has the twin end it.
func (s *switcher) abortThere(ctx context.Context) (done switchover.Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, abortWithin)
	defer cancel()
	l, err := Notary{s.config(), s.data.Node}.Dial(ctx, link.Options{})
	if err != nil {
		return done, err
	}
	defer l.Close() //nolint:errcheck // nothing is under way
	return done, l.Call(ctx, RoleAbort, roleCall{From: l.From}, &done)
}

// abortRole has this server's twind end the move that it goes through.
func (p Peer) abortRole(ctx context.Context, twin node.Pair) (any, error) {
	text, err := json.Marshal(AbortArgs{Here: true})
	if err != nil {
		return nil, err
	}
	a, err := p.Node.Ask(ctx, node.Request{Verb: AbortSwitch, Args: text, Actor: twin.Name}, nil)
	if err == nil {
		err = Refusal(a)
	}
	if err != nil {
		return nil, remote(cli.Verdict(err), fmt.Errorf("on %s: %w", p.Config.Name, err))
	}
	return json.RawMessage(a.Text), nil
}
