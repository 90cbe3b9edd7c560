package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/switchover"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// A roleCall is how a verb of a switch-over travels: the key alone does not say
// that it is the same twin as ever.
type roleCall struct {
	From Who             `json:"from"`
	Ask  json.RawMessage `json:"ask"`
}

// moveRole answers the twin's runner.
func (p Peer) moveRole(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	var call roleCall
	if err := json.Unmarshal(args, &call); err != nil {
		return nil, remote(cli.Usage, err)
	}
	twin, err := p.Known(ctx, call.From)
	if err != nil {
		return nil, err
	}
	if verb == RoleAbort {
		return p.abortRole(ctx, *twin)
	}
	side := roleSide{Notary: p.Notary, hands: p.hands()}
	answer, err := side.handler(twin.Name).Answer(ctx, verb, call.Ask)
	switch {
	case errors.Is(err, switchover.ErrVerb), errors.Is(err, switchover.ErrQuestion):
		return nil, remote(cli.Usage, err)
	case err != nil:
		return nil, remote(cli.Verdict(err), err)
	}
	return answer, nil
}

// hands are this server's, whichever process this is.
func (p Peer) hands() roleHands {
	return roleHands{
		data:   &Data{Dir: p.Config.Data, Node: p.Node, Admin: p.Admin, History: p.History},
		config: func() *config.Config { return p.Config }, keeper: p.keeper,
	}
}

// A twinSide asks the twin what its runner asks this server.
type twinSide struct{ lasting }

// Call implements switchover.Caller.
func (t twinSide) Call(ctx context.Context, verb string, args, answer any) error {
	question, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", verb, err)
	}
	err = t.lasting.Call(ctx, verb, roleCall{From: t.From, Ask: question}, answer)
	if err == nil || errors.As(err, new(*link.RemoteError)) {
		return err
	}
	return fmt.Errorf("%w: %w", switchover.ErrAway, err)
}

// roleSide is how this server answers the runner of a server, be it its own.
type roleSide struct {
	Notary
	hands roleHands
}

// handler answers the runner on the server of that name.
func (r roleSide) handler(asker string) switchover.Handler {
	return switchover.Handler{
		Node: r.Node, Asker: asker, Hands: engineHands{r.hands}, Sync: r.finalSync, Hook: r.hook, CheckRuns: exchange.CheckRuns,
	}
}

// side is this server, for its own runner.
func (r roleSide) side(self node.Self) switchover.Side {
	return switchover.Side{Name: self.Name, Caller: switchover.Local{Handler: r.handler(self.Name)}}
}

// engineHands are the hands as a runner asks for them.
type engineHands struct{ roleHands }

// Demote implements switchover.Hands.
func (h engineHands) Demote(ctx context.Context, runbook string, epoch int64, actor string) (node.Token, error) {
	return h.roleHands.Demote(ctx, DemoteArgs{Runbook: runbook, Epoch: epoch}, actor)
}
