package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Maintenance is a stretch in which a person wants nothing to start on this
// server: its slots are missed for that reason.
type Maintenance struct {
	On            bool
	Reason, Actor string
	Since         record.Instant // filled in
	Until         record.Instant // it is over then by itself; 0: when a person says so
}

// Holds tells whether nothing may start at an instant.
func (m Maintenance) Holds(at record.Instant) bool { return m.On && (m.Until == 0 || at < m.Until) }

// SetMaintenance begins a maintenance, changes the one that there is, of which
// Since stays, or ends it, and audits that. It returns what stands now. Ending
// what does not stand changes nothing.
func (n *DB) SetMaintenance(ctx context.Context, m Maintenance) (is Maintenance, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		was, err := readMaintenance(ctx, tx)
		if err != nil {
			return err
		}
		is = m
		if !m.On {
			is = Maintenance{}
			return endMaintenance(ctx, tx, was, m.Actor)
		}
		if is.Since = now(tx); was.Holds(now(tx)) {
			is.Since = was.Since
		}
		_, err = tx.ExecContext(ctx, `
			INSERT OR REPLACE INTO maintenance (id, reason, actor, since, until) VALUES (1, ?, ?, ?, nullif(?, 0))`,
			is.Reason, is.Actor, is.Since, is.Until)
		if err != nil {
			return err
		}
		detail := map[string]string{"reason": is.Reason}
		if is.Until != 0 {
			detail["until"] = is.Until.String()
		}
		return writeDown(ctx, tx, Act{Actor: is.Actor, Verb: "maintenance.on", Detail: detail})
	})
	if err != nil {
		return Maintenance{}, fmt.Errorf("set maintenance: %w", err)
	}
	return is, nil
}

func endMaintenance(ctx context.Context, tx *store.Tx, was Maintenance, actor string) error {
	if !was.On {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM maintenance`); err != nil {
		return err
	}
	return writeDown(ctx, tx, Act{Actor: actor, Verb: "maintenance.off", Detail: map[string]string{"reason": was.Reason}})
}

// Maintenance returns the one that was begun and not ended, the zero
// Maintenance if there is none. One whose time is over is returned still.
func (n *DB) Maintenance(ctx context.Context) (m Maintenance, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		m, err = readMaintenance(ctx, tx)
		return err
	})
	if err != nil {
		return Maintenance{}, fmt.Errorf("read maintenance: %w", err)
	}
	return m, nil
}

func readMaintenance(ctx context.Context, tx *store.Tx) (Maintenance, error) {
	m := Maintenance{On: true}
	err := tx.QueryRowContext(ctx, `SELECT reason, actor, since, coalesce(until, 0) FROM maintenance`).
		Scan(&m.Reason, &m.Actor, &m.Since, &m.Until)
	if errors.Is(err, sql.ErrNoRows) {
		return Maintenance{}, nil
	}
	return m, err
}
