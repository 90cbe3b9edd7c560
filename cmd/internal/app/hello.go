package app

import (
	"context"

	"github.com/twinctl/twin/sync/bundle"
)

// hello is what this server says of itself before rows travel, without where
// its rows stand.
func (n Notary) hello(ctx context.Context) (bundle.Hello, error) {
	self, err := n.Node.Self(ctx)
	if err != nil {
		return bundle.Hello{}, err
	}
	h := bundle.Hello{Server: self.Server, Name: self.Name, Role: self.Role, Epoch: self.EpochSeen, Version: Version()}
	have, err := n.Node.Pair(ctx)
	if have != nil {
		h.Pair = have.Pair
	}
	return h, err
}
