package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	keptRuns  = 100  // of each timetable and server, however old
	sweepPage = 1000 // rows
)

// SweepRuns forgets runs that ended before an instant, but for the newest 100
// of each timetable and server, in short transactions. Of each page remove is
// given the files with their output first: what is below data/runs and has no
// row any more would stay for ever, so it must not be gone last. remove may be
// given the same files again. SweepRuns returns how many rows went.
func (n *DB) SweepRuns(ctx context.Context, before record.Instant, remove func(outputs []string) error) (swept int, err error) {
	for of := (ledger{}); ; {
		var old []oldRun
		if of, err = n.nextLedger(ctx, of); err != nil || of.timetable == "" {
			break
		}
		for more := true; more && err == nil; swept += len(old) {
			old, err = n.sweepPage(ctx, of, before, remove)
			more = len(old) == sweepPage
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		return swept, fmt.Errorf("sweep runs: %w", err)
	}
	return swept, nil
}

// A ledger is the rows of one timetable on one server.
type ledger struct{ timetable, server string }

// nextLedger returns the one after another, the zero one after the last.
func (n *DB) nextLedger(ctx context.Context, after ledger) (next ledger, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		// The server of the same timetable first: the index knows only timetables.
		err := tx.QueryRowContext(ctx, `
			SELECT timetable, server FROM run WHERE timetable = ?1 AND server > ?2 ORDER BY server LIMIT 1`,
			after.timetable, after.server).Scan(&next.timetable, &next.server)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = tx.QueryRowContext(ctx, `
			SELECT timetable, min(server) FROM run
			WHERE timetable = (SELECT timetable FROM run WHERE timetable > ? ORDER BY timetable LIMIT 1) GROUP BY timetable`,
			after.timetable).Scan(&next.timetable, &next.server)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return next, err
}

type oldRun struct {
	id     int64
	output string
}

// sweepPage forgets one page of a ledger, and returns it.
func (n *DB) sweepPage(ctx context.Context, of ledger, before record.Instant, remove func([]string) error) ([]oldRun, error) {
	old, err := n.oldRuns(ctx, of, before)
	if err != nil || len(old) == 0 {
		return nil, err
	}
	var outputs []string
	ids := make([]int64, 0, len(old))
	for _, r := range old {
		if ids = append(ids, r.id); r.output != "" {
			outputs = append(outputs, r.output)
		}
	}
	if len(outputs) > 0 {
		if err := remove(outputs); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return old, n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM run WHERE id IN (SELECT value FROM json_each(?))`, string(list))
		return err
	})
}

func (n *DB) oldRuns(ctx context.Context, of ledger, before record.Instant) (old []oldRun, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT id, output FROM run
			WHERE timetable = ?1 AND server = ?2 AND ended < ?3 AND slot < (
				SELECT slot FROM run WHERE timetable = ?1 AND server = ?2 ORDER BY slot DESC LIMIT 1 OFFSET ?4)
			ORDER BY slot LIMIT ?5`, of.timetable, of.server, before, keptRuns-1, sweepPage)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var r oldRun
			if err := rows.Scan(&r.id, &r.output); err != nil {
				return err
			}
			old = append(old, r)
		}
		return rows.Err()
	})
	return old, err
}
