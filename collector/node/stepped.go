package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Stepped is how a server lost its role without giving it away.
type Stepped struct {
	At    record.Instant // it was primary until then
	Epoch int64          // the highest that it has seen
}

// SteppedDown returns how this secondary stepped down before a higher epoch, nil
// if that was before since, or it gave its role away, or never had it.
func (n *DB) SteppedDown(ctx context.Context, since record.Instant) (*Stepped, error) {
	var s Stepped
	err := n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			SELECT owns_until, epoch_seen FROM self WHERE role = 'secondary' AND owns_until > ?
				AND NOT EXISTS (SELECT 1 FROM token WHERE giver = self.server AND at = self.owns_until)
				AND NOT EXISTS (SELECT 1 FROM restored WHERE ended = self.owns_until)`, since).Scan(&s.At, &s.Epoch)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read how the role went: %w", err)
	}
	return &s, nil
}

// A Doubled is a slot of what only a primary runs that began on both servers.
type Doubled struct {
	Timetable, Name string // key and name
	Slot            record.Instant
	Own, Theirs     int64 // a run here, and one as it is numbered here that the twin told of
}

// Doubled returns the slots of since then that began on both servers, by what
// the twin has told, the earliest first and at most limit. What was run again
// because the role moved in between is none: nobody ran it to its end. Nor is
// what a person had run again, as it did not do well on the other server.
func (n *DB) Doubled(ctx context.Context, since record.Instant, limit int) (all []Doubled, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT own.timetable, own.name, own.slot, max(own.id), max(told.id)
			FROM run AS own JOIN run AS told ON told.timetable = own.timetable AND told.slot = own.slot
			WHERE own.slot > ? AND own.theirs IS NULL AND told.theirs IS NOT NULL
				AND own.role = 'primary' AND told.role = 'primary' AND own.trigger <> 'manual' AND told.trigger <> 'manual'
				AND own.started IS NOT NULL AND told.started IS NOT NULL
				AND NOT (told.trigger = 'promotion' AND (own.state = 'interrupted' OR own.state = 'cancelled' AND own.reason = 'role'))
				AND NOT (told.trigger = 'backfill' AND own.state <> 'ok') AND NOT (own.trigger = 'backfill' AND told.state <> 'ok')
				AND NOT (own.trigger = 'promotion' AND (told.state = 'interrupted' OR told.state = 'cancelled' AND told.reason = 'role'))
			GROUP BY own.timetable, own.slot ORDER BY own.slot, own.timetable LIMIT ?`, since, limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var d Doubled
			if err := rows.Scan(&d.Timetable, &d.Name, &d.Slot, &d.Own, &d.Theirs); err != nil {
				return err
			}
			all = append(all, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read which slots began on both servers: %w", err)
	}
	return all, nil
}

// Unresolved returns the slots of this server since then that were missed for a
// reason and are what they were: no later attempt was made here, and the twin
// has told of none that did well. The earliest comes first, and at most limit.
func (n *DB) Unresolved(ctx context.Context, reason string, since record.Instant, limit int) (all []Run, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT `+runColumns+` FROM run AS r WHERE slot > ? AND theirs IS NULL AND state = 'missed' AND reason = ?
				AND NOT EXISTS (SELECT 1 FROM run AS other WHERE other.timetable = r.timetable AND other.slot = r.slot
					AND (other.theirs IS NULL AND other.attempt > r.attempt OR other.theirs IS NOT NULL AND other.state = 'ok'))
			ORDER BY slot, timetable LIMIT ?`, since, reason, limit)
		all, err = readRuns(rows, err)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read which slots are %s: %w", reason, err)
	}
	return all, nil
}

// AckedSince tells whether a person took note of an alarm of that code since then.
func (n *DB) AckedSince(ctx context.Context, code string, since record.Instant) (acked bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM alarm WHERE code = ? AND acked > ?)`, code, since).Scan(&acked)
	})
	if err != nil {
		return false, fmt.Errorf("read who took note of %s: %w", code, err)
	}
	return acked, nil
}
