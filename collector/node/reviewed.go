package node

import (
	"context"
	"fmt"
	"strings"

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

// String says how many, in a sentence.
func (r Reviewed) String() string {
	var said []string
	of := func(n int, one, more string) {
		switch {
		case n == 1:
			said = append(said, "1 "+one)
		case n > 1:
			said = append(said, fmt.Sprintf("%d %s", n, more))
		}
	}
	of(r.Run, "runs here", "run here")
	of(r.Skipped, "is skipped", "are skipped")
	of(r.Doubt, "is in doubt", "are in doubt")
	switch last := len(said) - 1; last {
	case -1:
		return "no slot is left of before"
	case 0:
		return "of the slots of before " + said[0]
	default:
		return "of the slots of before " + strings.Join(said[:last], ", ") + " and " + said[last]
	}
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
