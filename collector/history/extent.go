package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// An Extent is what there is of a feed here. Times are zero where there is
// nothing yet.
type Extent struct {
	First        record.Instant `json:"first"`         // the time of the oldest record
	Last         record.Instant `json:"last"`          // the time of the newest record
	Since        record.Instant `json:"since"`         // first configured here, by the local clock
	HeardFrom    record.Instant `json:"heard_from"`    // where the first session that is kept begins
	CoveredUntil record.Instant `json:"covered_until"` // never goes back
	DeafSince    record.Instant `json:"deaf_since"`    // where the gap begins that lasts
	RetainedFrom record.Instant `json:"retained_from"` // everything before was dropped
	Records      int64          `json:"records"`
	Untimed      int64          `json:"untimed"`     // of them: without time of their own, which twins do not share
	Incarnation  string         `json:"incarnation"` // of the upstream, last heard
}

// Extent returns what there is of a feed.
func (h *DB) Extent(ctx context.Context, name string) (Extent, error) {
	all, err := h.extents(ctx, name)
	if err != nil {
		return Extent{}, err
	}
	e, ok := all[name]
	if !ok {
		return Extent{}, fmt.Errorf("measure history: %w %q", ErrUnknownFeed, name)
	}
	return e, nil
}

// Extents returns what there is of each feed that was ever configured here, by name.
func (h *DB) Extents(ctx context.Context) (map[string]Extent, error) { return h.extents(ctx, "") }

func (h *DB) extents(ctx context.Context, name string) (map[string]Extent, error) {
	all := map[string]Extent{}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT name, since, covered_until, retained_from, records, untimed, incarnation,
			       ifnull((SELECT min(at) FROM record r WHERE r.feed = f.id AND r.at >= f.retained_from), 0),
			       ifnull((SELECT max(at) FROM record r WHERE r.feed = f.id AND r.at >= f.retained_from), 0),
			       ifnull((SELECT min(start) FROM coverage c WHERE c.feed = f.id), 0),
			       ifnull((SELECT start FROM gap g WHERE g.id = f.gap), 0)
			FROM feed f WHERE ?1 IN ('', name)`, name)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var name string
			var e Extent
			if err := rows.Scan(&name, &e.Since, &e.CoveredUntil, &e.RetainedFrom, &e.Records, &e.Untimed, &e.Incarnation,
				&e.First, &e.Last, &e.HeardFrom, &e.DeafSince); err != nil {
				return err
			}
			all[name] = e
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("measure history: %w", err)
	}
	return all, nil
}
