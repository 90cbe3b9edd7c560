package node

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// MaxRuns is how many runs are read at once.
const MaxRuns = 5000

// A RunQuery says which runs are wanted; what is zero does not matter.
type RunQuery struct {
	Timetables []string       // any of these keys
	Server     string         // the name
	States     []RunState     // any of these
	Since      record.Instant // slots from there
	Before     record.Instant // slots before
	After      Run            // those that follow this one, the last of the page before; its slot and id are used
	Limit      int            // 0, and more than MaxRuns: MaxRuns
}

// where returns the condition and its arguments.
func (q RunQuery) where() (string, []any, error) {
	conditions, args := []string{"TRUE"}, []any{}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	switch len(q.Timetables) {
	case 0:
	case 1: // in the order of its slots by its index
		add(`timetable = ?`, q.Timetables[0])
	default:
		keys, err := json.Marshal(q.Timetables)
		if err != nil {
			return "", nil, err
		}
		add(`timetable IN (SELECT value FROM json_each(?))`, string(keys))
	}
	if len(q.States) > 0 {
		states, err := json.Marshal(q.States)
		if err != nil {
			return "", nil, err
		}
		add(`state IN (SELECT value FROM json_each(?))`, string(states))
	}
	if q.Server != "" {
		add(`server = ?`, q.Server)
	}
	if q.Since != 0 {
		add(`slot >= ?`, q.Since)
	}
	if q.Before != 0 {
		add(`slot < ?`, q.Before)
	}
	if q.After.ID != 0 {
		add(`(slot, id) < (?, ?)`, q.After.Slot, q.After.ID)
	}
	return strings.Join(conditions, " AND "), args, nil
}

// Runs returns runs of this server and, as last told, of its twin: the newest
// slot first, and of one slot the last written first.
func (n *DB) Runs(ctx context.Context, q RunQuery) (all []Run, err error) {
	where, args, err := q.where()
	if err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit <= 0 || limit > MaxRuns {
		limit = MaxRuns
	}
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT `+runColumns+` FROM run WHERE `+where+` ORDER BY slot DESC, id DESC LIMIT ?`, append(args, limit)...)
		all, err = readRuns(rows, err)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return all, nil
}

// TimetablesCalled returns the keys of the timetables that bore a name in some
// run, or have it as their key; none if no run tells of it.
func (n *DB) TimetablesCalled(ctx context.Context, name string) (keys []string, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT DISTINCT timetable FROM run WHERE name = ?1 OR timetable = ?1 ORDER BY timetable`, name)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("find timetable %q: %w", name, err)
	}
	return keys, nil
}
