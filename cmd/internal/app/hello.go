package app

import (
	"context"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
)

// hello is what this server, of a pair, says of itself before rows travel,
// without where its rows stand. A primary that was superseded speaks with its
// own epoch: the higher one that it has heard of is not its to send with.
func (n Notary) hello(ctx context.Context, pair node.Pair) (bundle.Hello, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return bundle.Hello{}, err
	}
	h := bundle.Hello{
		Server: self.Server, Name: self.Name, Pair: pair.Pair, Role: self.Role, Epoch: self.EpochSeen, Version: Version(),
	}
	if self.Superseded() {
		h.Epoch = self.Epoch
	}
	return h, nil
}
