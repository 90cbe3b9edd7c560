package node

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Reviewed is what a primary decided upon slots of before it had the role, of
// which the primary of before has not told what became of them.
type Reviewed struct {
	Run     int `json:"run"`      // they run here
	Skipped int `json:"skipped"`  // they do not: the other one may have run them
	Doubt   int `json:"in_doubt"` // a person is to say
}

// String says how many.
func (r Reviewed) String() string {
	if r == (Reviewed{}) {
		return "no slot is left of before"
	}
	return fmt.Sprintf("of the slots of before %d run, %d are skipped, %d are in doubt", r.Run, r.Skipped, r.Doubt)
}

// Reviewed counts what was decided upon so, of the slots up to an instant and by
// the present epoch.
func (n *DB) Reviewed(ctx context.Context, until record.Instant) (r Reviewed, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			SELECT count(*) FILTER (WHERE trigger = 'promotion' AND state <> 'missed'),
				count(*) FILTER (WHERE state = 'missed' AND reason = 'role'),
				count(*) FILTER (WHERE state = 'missed' AND reason = 'in-doubt')
			FROM run JOIN self ON run.epoch = self.epoch
			WHERE run.slot <= ? AND run.theirs IS NULL AND run.role = 'primary'`, until).Scan(&r.Run, &r.Skipped, &r.Doubt)
	})
	if err != nil {
		return Reviewed{}, fmt.Errorf("read what became of slots of before: %w", err)
	}
	return r, nil
}
