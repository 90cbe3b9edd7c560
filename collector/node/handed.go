package node

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/store"
)

// Handed tells whether this primary has its role in order: its twin gave it away
// and told of all that it ran, or never took what this server gave. Then nobody
// but this server can have run what it was not told of.
func (n *DB) Handed(ctx context.Context) (handed bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			SELECT count(*) FROM self JOIN token ON token.at = self.owns_from WHERE self.role = 'primary' AND
				(token.state = 'taken' AND token.taker = self.server OR token.state = 'void' AND token.giver = self.server)`).Scan(&handed)
	})
	if err != nil {
		return false, fmt.Errorf("read how the role came: %w", err)
	}
	return handed, nil
}
