package node

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// RoleRuns returns the runs of this server that need its role and have begun and
// not ended, at most limit, and the instant of which that is true.
func (n *DB) RoleRuns(ctx context.Context, limit int) (all []Run, at record.Instant, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		at = now(tx)
		rows, err := tx.QueryContext(ctx, `
			SELECT `+runColumns+` FROM run
			WHERE theirs IS NULL AND ended IS NULL AND role = 'primary' AND state = 'running' ORDER BY id LIMIT ?`, limit)
		all, err = readRuns(rows, err)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read runs that need the role: %w", err)
	}
	return all, at, nil
}
