package node

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A LiveDocument is how the queues and agents of a feed stand, as the running
// server said last. It is as old as At says.
type LiveDocument struct {
	Feed string
	At   record.Instant
	Doc  []byte // JSON
}

// SetLive says how feeds stand.
func (n *DB) SetLive(ctx context.Context, docs []LiveDocument) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		for _, d := range docs {
			_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO live (feed, at, doc) VALUES (?, ?, ?)`, d.Feed, record.At(tx.Now), string(d.Doc))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("say how queues stand: %w", err)
	}
	return nil
}

// KeepLive forgets how all but these feeds stand.
func (n *DB) KeepLive(ctx context.Context, feeds []string) error {
	names, err := json.Marshal(append([]string{}, feeds...))
	if err != nil {
		return err
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM live WHERE feed NOT IN (SELECT value FROM json_each(?))`, string(names))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget how queues stand: %w", err)
	}
	return nil
}

// Live returns how the feeds stand of which it was said, by name.
func (n *DB) Live(ctx context.Context) ([]LiveDocument, error) {
	var docs []LiveDocument
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT feed, at, doc FROM live ORDER BY feed`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var d LiveDocument
			if err := rows.Scan(&d.Feed, &d.At, &d.Doc); err != nil {
				return err
			}
			docs = append(docs, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read how queues stand: %w", err)
	}
	return docs, nil
}
