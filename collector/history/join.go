package history

import (
	"context"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A seam is where one gap ends and another may go on that is like it.
type seam struct {
	at     record.Instant
	reason feed.Reason
	state  GapState
}

// A joint is a gap that goes on in others, which are then one row with it.
type joint struct {
	first  int64
	until  record.Instant
	others []int64
}

// join makes one of gaps that touch, have one reason and were settled alike: the
// pieces in which a gap was judged are nobody's matter afterwards. It writes as
// much as one transaction may, and tells whether there may be more.
func (h *DB) join(ctx context.Context, name string) (more bool, err error) {
	var found []joint
	look := func(ctx context.Context, tx *store.Tx, f *feedRow) (err error) {
		found, more, err = f.joints(ctx, tx)
		return err
	}
	err = h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		return look(ctx, tx, f)
	})
	if err != nil || len(found) == 0 {
		return false, err // as a rule, without locking the file for writing
	}
	return more, h.portion(ctx, name, func(ctx context.Context, tx *store.Tx, f *feedRow) error {
		if err := look(ctx, tx, f); err != nil {
			return err
		}
		return f.sew(ctx, tx, found)
	})
}

// joints returns which gaps are to become one, with at most portionRows others,
// and whether there are more.
func (f *feedRow) joints(ctx context.Context, tx *store.Tx) (found []joint, more bool, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT id, start, until, reason, state FROM gap
		WHERE feed = ? AND state IN ('filled', 'lost') ORDER BY start, id`, f.id)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	ends := map[seam]*joint{}
	var all []*joint
	others := 0
	for others < portionRows && rows.Next() {
		var id int64
		var g gap
		if err := rows.Scan(&id, &g.From, &g.Until, &g.Reason, &g.State); err != nil {
			return nil, false, err
		}
		here := seam{g.From, g.Reason, g.State}
		j := ends[here]
		if delete(ends, here); j == nil {
			j = &joint{first: id}
			all = append(all, j)
		} else {
			j.others = append(j.others, id)
			others++
		}
		j.until = g.Until
		ends[seam{g.Until, g.Reason, g.State}] = j
	}
	for _, j := range all {
		if len(j.others) > 0 {
			found = append(found, *j)
		}
	}
	return found, others == portionRows, rows.Err()
}

func (f *feedRow) sew(ctx context.Context, tx *store.Tx, joints []joint) error {
	for _, j := range joints {
		if _, err := tx.ExecContext(ctx, `UPDATE gap SET until = ? WHERE id = ?`, j.until, j.first); err != nil {
			return err
		}
		for _, id := range j.others {
			if _, err := tx.ExecContext(ctx, `DELETE FROM gap WHERE id = ?`, id); err != nil {
				return err
			}
		}
	}
	return nil
}
