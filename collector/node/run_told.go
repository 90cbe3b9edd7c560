package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A RunPage is what a server tells its twin of its runs at once.
type RunPage struct {
	Rows    []Run          `json:"rows"`           // that changed, the earliest change first
	Through int64          `json:"through"`        // every change up to this rev was told with this page
	Whole   record.Instant `json:"whole,omitzero"` // by the teller's clock: nothing of before is left to tell; 0: more follows
	Anew    bool           `json:"anew,omitempty"` // the teller's file is an older state of itself: it tells all again
}

// RunChanges returns what changed in this server's runs after a rev of it, at
// most limit rows with a few hundred bytes of output each. A rev that is higher
// than any here was told before this server's file became an older state of
// itself: then it begins anew.
func (n *DB) RunChanges(ctx context.Context, after int64, limit int) (page RunPage, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		newest, err := lastRev(ctx, tx)
		if err != nil {
			return err
		}
		if page = (RunPage{Through: after}); after > newest {
			page = RunPage{Anew: true}
		}
		rows, err := tx.QueryContext(ctx, `
			SELECT `+runColumns+` FROM run WHERE theirs IS NULL AND rev > ? ORDER BY rev LIMIT ?`, page.Through, limit)
		if page.Rows, err = readRuns(rows, err); err != nil {
			return err
		}
		for i := range page.Rows {
			r := &page.Rows[i]
			r.Tail, page.Through = last(r.Tail, toldTail), r.Rev
		}
		if page.Through >= newest {
			page.Whole = now(tx)
		}
		return nil
	})
	if err != nil {
		return RunPage{}, fmt.Errorf("read changes of runs: %w", err)
	}
	return page, nil
}

// toldTail is how many bytes of a run's last output the twin is told.
const toldTail = 512

// A RunsTold is up to where the twin has told of its runs.
type RunsTold struct {
	Through int64          // its rev
	Whole   record.Instant // by its clock: no row of before is missing here; 0: not known yet
}

// RunsTold returns up to where the twin has told of its runs, the zero one if
// it told nothing.
func (n *DB) RunsTold(ctx context.Context) (told RunsTold, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		told, err = readTold(ctx, tx)
		return err
	})
	if err != nil {
		return RunsTold{}, fmt.Errorf("read what the twin told of its runs: %w", err)
	}
	return told, nil
}

func readTold(ctx context.Context, tx *store.Tx) (told RunsTold, err error) {
	err = tx.QueryRowContext(ctx, `SELECT through, whole FROM run_told`).Scan(&told.Through, &told.Whole)
	if errors.Is(err, sql.ErrNoRows) {
		return RunsTold{}, nil
	}
	return told, err
}

// KeepTwinRuns keeps what the twin told of its runs, in one transaction, as
// SetHeard does with all that it told. server is the one that told, for ever:
// of another than the twin nothing is kept. A row that is older than what
// stands here changes nothing, so pages may come twice, and in any order.
func (n *DB) KeepTwinRuns(ctx context.Context, server string, page RunPage) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		if pair, err := readPair(ctx, tx); err != nil || pair == nil || pair.Server != server {
			return err
		}
		return keepTwinRuns(ctx, tx, page)
	})
	if err != nil {
		return fmt.Errorf("keep what the twin told of its runs: %w", err)
	}
	return nil
}

func keepTwinRuns(ctx context.Context, tx *store.Tx, page RunPage) error {
	pair, err := readPair(ctx, tx)
	if err != nil || pair == nil {
		return err
	}
	told, err := readTold(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range page.Rows {
		if err := keepTwinRun(ctx, tx, pair.Name, r); err != nil {
			return err
		}
	}
	if page.Anew {
		told = RunsTold{Through: page.Through}
	}
	told.Through, told.Whole = max(told.Through, page.Through), max(told.Whole, page.Whole)
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO run_told (id, through, whole) VALUES (1, ?, ?)`, told.Through, told.Whole)
	return err
}

func keepTwinRun(ctx context.Context, tx *store.Tx, server string, r Run) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO run (theirs, server, timetable, name, slot, attempt, epoch, role, trigger, actor, state, reason,
			planned, started, ended, exit, tail, rev)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, nullif(?14, 0), nullif(?15, 0), ?16, ?17, ?18)
		ON CONFLICT (timetable, slot, attempt, server) DO UPDATE SET
			theirs = ?1, name = ?4, epoch = ?7, role = ?8, trigger = ?9, actor = ?10, state = ?11, reason = ?12,
			planned = ?13, started = nullif(?14, 0), ended = nullif(?15, 0), exit = ?16, tail = ?17, rev = ?18
		WHERE theirs IS NOT NULL AND ?18 > rev`,
		r.ID, server, r.Timetable, r.Name, r.Slot, r.Attempt, r.Epoch, r.Role, r.Trigger, r.Actor, r.State, r.Reason,
		r.Planned, r.Started, r.Ended, r.Exit, last(r.Tail, maxTail), r.Rev)
	return err
}

// TwinCursors returns the latest slot of each timetable of which the twin has
// told a row that it decided upon by schedule.
func (n *DB) TwinCursors(ctx context.Context) (map[string]record.Instant, error) {
	cursors := map[string]record.Instant{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT timetable, max(slot) FROM run WHERE theirs IS NOT NULL AND trigger <> 'manual' GROUP BY timetable`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var timetable string
			var slot record.Instant
			if err := rows.Scan(&timetable, &slot); err != nil {
				return err
			}
			cursors[timetable] = slot
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the twin's last slots: %w", err)
	}
	return cursors, nil
}
