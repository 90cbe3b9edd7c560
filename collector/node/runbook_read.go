package node

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

// Runbooks returns the newest moves of the role, without their journals.
func (n *DB) Runbooks(ctx context.Context, limit int) (all []Runbook, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		all, err = readRunbooks(ctx, tx, `TRUE ORDER BY started DESC, id LIMIT ?`, min(limit, maxRunbooks))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read moves of the role: %w", err)
	}
	return all, nil
}

// Runbook returns a move of the role with its journal: ErrNoRunbook. The id ""
// is the open one, or else the last.
func (n *DB) Runbook(ctx context.Context, id string) (r Runbook, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		if id == "" {
			r, err = readRunbook(ctx, tx, `TRUE ORDER BY ended IS NOT NULL, started DESC LIMIT 1`)
		} else {
			r, err = readRunbook(ctx, tx, `id = ?`, id)
		}
		if err != nil {
			return err
		}
		r.Notes, err = readNotes(ctx, tx, r.ID)
		return err
	})
	if err != nil {
		return Runbook{}, fmt.Errorf("read the move of the role %s: %w", inert.Text(id), err)
	}
	return r, nil
}

func readRunbook(ctx context.Context, tx *store.Tx, where string, args ...any) (Runbook, error) {
	found, err := readRunbooks(ctx, tx, where, args...)
	switch {
	case err != nil:
		return Runbook{}, err
	case len(found) == 0:
		return Runbook{}, ErrNoRunbook
	}
	return found[0], nil
}

func readRunbooks(ctx context.Context, tx *store.Tx, where string, args ...any) (all []Runbook, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT id, intent, giver, taker, actor, reason, options, runner, started, beat, coalesce(ended, 0), state, result
		FROM runbook WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var r Runbook
		var options, result string
		err := rows.Scan(&r.ID, &r.Intent, &r.Giver, &r.Taker, &r.Actor, &r.Reason, &options, &r.Runner,
			&r.Started, &r.Beat, &r.Ended, &r.State, &result)
		if err != nil {
			return nil, err
		}
		r.Options, r.Result = json.RawMessage(options), json.RawMessage(result)
		all = append(all, r)
	}
	return all, rows.Err()
}

func readNotes(ctx context.Context, tx *store.Tx, id string) (all []RunbookNote, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, step, state, text, at FROM runbook_note WHERE runbook = ? ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var note RunbookNote
		if err := rows.Scan(&note.Seq, &note.Step, &note.State, &note.Text, &note.At); err != nil {
			return nil, err
		}
		all = append(all, note)
	}
	return all, rows.Err()
}
