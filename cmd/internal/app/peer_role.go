package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// What of the link is about moving a role.
const (
	roleVerbs = "role."
	RoleFacts = "role.facts" // args are a FactsQuestion, the answer is preflight.Facts
)

// A FactsQuestion is the argument of role.facts.
type FactsQuestion struct {
	Deep bool `json:"deep"` // also what takes a while to find out
}

const maxRoleArgs = 64 << 10 // bytes

// role answers one verb about moving a role.
func (p Peer) role(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	if verb != RoleFacts {
		return p.moveRole(ctx, verb, args)
	}
	if len(args) > maxRoleArgs {
		return nil, remote(cli.Usage, fmt.Errorf("%d bytes of arguments", len(args)))
	}
	var q FactsQuestion
	if err := json.Unmarshal(args, &q); err != nil {
		return nil, remote(cli.Usage, err)
	}
	facts, err := p.witness().Facts(ctx, q.Deep)
	if errors.Is(err, errStarting) {
		return nil, remote(cli.Busy, fmt.Errorf("on %s: %w", p.Config.Name, err))
	}
	return facts, err
}

func (p Peer) witness() Witness {
	return Witness{
		Config: p.Config, Say: p.Say,
		Data: &Data{Dir: p.Config.Data, Node: p.Node, Admin: p.Admin, History: p.History},
	}
}
