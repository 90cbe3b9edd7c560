package history

import (
	"context"
	"database/sql"
	"errors"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	// portionRows is how many rows of gaps one transaction looks at, and how
	// many it writes: collecting waits for it.
	portionRows = 500
	// mostGaps is how many rows of gaps of a feed there may be for another to
	// be cut: what the twin says it heard must not make more without end.
	mostGaps = 20_000
)

// A judging is how far Settle has come.
type judging struct {
	said Testimony
	left []int64 // ids of the gaps that are to be judged
	done Settled
}

// An unsettledGap is a row of a gap that is over.
type unsettledGap struct {
	id int64
	gap
}

// unsettled returns the ids of the gaps that are over, and open or lost.
func (f *feedRow) unsettled(ctx context.Context, tx *store.Tx) ([]int64, error) {
	return gapIDs(ctx, tx, `
		SELECT id FROM gap
		WHERE feed = ? AND until IS NOT NULL AND state IN ('open', 'lost') ORDER BY start, id`, f.id)
}

// gapIDs returns the ids that a query selects.
func gapIDs(ctx context.Context, tx *store.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// portion runs one transaction of a feed.
func (h *DB) portion(ctx context.Context, name string, run func(context.Context, *store.Tx, *feedRow) error) error {
	return h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		return run(ctx, tx, f)
	})
}

// take judges as many of the gaps that are left as one transaction may. It
// changes j only when nothing can fail any more but the commit: then nobody
// goes on with j.
func (j *judging) take(ctx context.Context, tx *store.Tx, f *feedRow) error {
	var rows int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM gap WHERE feed = ?`, f.id).Scan(&rows); err != nil {
		return err
	}
	left, done, written := j.left, j.done, 0
	for looked := 0; len(left) > 0 && looked < portionRows && written < portionRows; looked++ {
		was, err := readGap(ctx, tx, left[0])
		left = left[1:]
		if errors.Is(err, sql.ErrNoRows) {
			continue // dropped, joined or settled meanwhile
		}
		if err != nil {
			return err
		}
		pieces := settle(was.gap, j.said.about(record.Span{From: was.From, To: was.Until}))
		if len(pieces) > 1 && rows >= mostGaps {
			pieces = []gap{was.gap}
		}
		now, rest := portioned(was.gap, pieces, min(portionRows-written, max(1, mostGaps-rows)))
		done.count(was.State, now)
		id, err := f.split(ctx, tx, was, append(now, rest...))
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			left = append([]int64{id}, left...)
		}
		written += len(now)
		rows += len(now) + len(rest) - 1
	}
	j.left, j.done = left, done
	return nil
}

// portioned returns the first pieces of a gap, at most so many, and what is not
// judged of it yet as one that is as it was.
func portioned(was gap, pieces []gap, most int) (now, rest []gap) {
	if len(pieces) <= most {
		return pieces, nil
	}
	was.From = pieces[most].From
	return pieces[:most:most], []gap{was}
}

// readGap reads a gap that is still to be judged: sql.ErrNoRows.
func readGap(ctx context.Context, tx *store.Tx, id int64) (unsettledGap, error) {
	u := unsettledGap{id: id}
	err := tx.QueryRowContext(ctx, `
		SELECT start, until, reason, state FROM gap
		WHERE id = ? AND until IS NOT NULL AND state IN ('open', 'lost')`, id).Scan(&u.From, &u.Until, &u.Reason, &u.State)
	return u, err
}

// split puts the pieces of a gap in its place. The first keeps its row; it
// returns the id of the last.
func (f *feedRow) split(ctx context.Context, tx *store.Tx, was unsettledGap, pieces []gap) (last int64, err error) {
	if len(pieces) == 1 && pieces[0] == was.gap {
		return was.id, nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE gap SET until = ?, state = ? WHERE id = ?`, pieces[0].Until, pieces[0].State, was.id)
	if err != nil {
		return 0, err
	}
	last = was.id
	for _, p := range pieces[1:] {
		id, err := insertID(ctx, tx, `INSERT INTO gap (feed, start, until, reason, state) VALUES (?, ?, ?, ?, ?)`,
			f.id, p.From, p.Until, p.Reason, p.State)
		if err != nil {
			return 0, err
		}
		last = id.Int64
	}
	return last, nil
}
