package app

import (
	"context"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
)

// hello is what this server says of itself before rows travel, without where
// its rows stand. A primary speaks with its own epoch: one that was replaced has
// heard of a higher one, which is not its to send with.
func (n Notary) hello(ctx context.Context) (bundle.Hello, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return bundle.Hello{}, err
	}
	h := bundle.Hello{Server: self.Server, Name: self.Name, Role: self.Role, Epoch: self.EpochSeen, Version: Version()}
	if self.Role == node.Primary {
		h.Epoch = self.Epoch
	}
	have, err := n.Node.Pair(ctx)
	if have != nil {
		h.Pair = have.Pair
	}
	return h, err
}
