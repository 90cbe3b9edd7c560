package node

import (
	"context"

	"github.com/twinctl/twin/collector/store"
)

// SelfBeside returns who this server is, and its pair or nil, in a transaction
// on another file that has this one beside it: what it tells cannot change
// before the other file's commit.
func SelfBeside(ctx context.Context, tx *store.Tx) (Self, *Pair, error) {
	self, err := readSelf(ctx, tx)
	if err != nil {
		return self, nil, err
	}
	pair, err := readPair(ctx, tx)
	return self, pair, err
}
