package node

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/store"
)

// LastFailed returns, of each timetable whose last run of this server failed,
// took too long or lacked what it needs, that run. What was skipped for another
// reason, missed, cancelled or interrupted is passed over.
func (n *DB) LastFailed(ctx context.Context) (failed []Run, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT `+runColumns+` FROM run WHERE state <> 'ok' AND id IN (SELECT id FROM (
				SELECT id, max(rev) FROM run WHERE theirs IS NULL AND (state IN ('ok', 'failed', 'timeout') OR state = 'skipped' AND reason LIKE 'precondition: %')
					GROUP BY timetable))
			ORDER BY timetable`)
		failed, err = readRuns(rows, err)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read which timetables failed last: %w", err)
	}
	return failed, nil
}
