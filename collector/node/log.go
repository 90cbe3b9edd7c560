package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// keptEntries is how many warnings and errors are kept.
const keptEntries = 10_000

// An Entry is one warning or error.
type Entry struct {
	ID      int64           `json:"id"`
	At      record.Instant  `json:"at"`
	Level   slog.Level      `json:"level"`
	Message string          `json:"message"`
	Attrs   json.RawMessage `json:"attrs"` // an object
}

// AppendLog stores entries and forgets the oldest.
func (n *DB) AppendLog(ctx context.Context, entries []Entry) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		for _, e := range entries {
			_, err := tx.ExecContext(ctx, `INSERT INTO log (at, level, message, attrs) VALUES (?, ?, ?, ?)`,
				e.At, int(e.Level), e.Message, string(e.Attrs))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM log WHERE id <= (SELECT max(id) FROM log) - ?`, keptEntries)
		return err
	})
	if err != nil {
		return fmt.Errorf("store log entries: %w", err)
	}
	return nil
}

// Log returns the entries since a time, of at least that level, the oldest first.
func (n *DB) Log(ctx context.Context, since record.Instant, level slog.Level) ([]Entry, error) {
	entries := []Entry{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT id, at, level, message, attrs FROM log WHERE at >= ? AND level >= ? ORDER BY id`, since, int(level))
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var e Entry
			var attrs string
			if err := rows.Scan(&e.ID, &e.At, &e.Level, &e.Message, &attrs); err != nil {
				return err
			}
			e.Attrs = json.RawMessage(attrs)
			entries = append(entries, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return entries, nil
}
