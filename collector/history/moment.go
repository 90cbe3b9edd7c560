package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Mark is how far a history was when it was copied. What changed since is all
// behind it, so an increment goes on from there.
type Mark struct {
	Lineage   string `json:"lineage"`   // which history it is: an empty one that is begun is another
	Seq       int64  `json:"seq"`       // the last record in the order of arrival
	Change    int64  `json:"change"`    // the last day that changed, in the order in which they did
	Exception int64  `json:"exception"` // the last one's id
}

// A Held is what a copy holds of a feed.
type Held struct {
	Feed         string         `json:"feed"`
	Records      int64          `json:"records"`
	CoveredUntil record.Instant `json:"covered_until"`
	RetainedFrom record.Instant `json:"retained_from"`
}

// A Contents is what a copy of a history, or an increment, says of the whole.
type Contents struct {
	Mark  Mark   `json:"mark"`
	Feeds []Held `json:"feeds"` // by name
}

// ContentsOf reads that of a copy that nobody uses.
func ContentsOf(ctx context.Context, path string) (c Contents, err error) {
	err = store.Peek(ctx, path, func(tx *store.Tx) error {
		c, err = contents(ctx, tx, "main")
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read what %s holds: %w", path, err)
	}
	return c, nil
}

// contents reads that of the history that is joined under a name.
func contents(ctx context.Context, tx *store.Tx, schema string) (c Contents, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT (SELECT name FROM `+schema+`.lineage),
		       (SELECT ifnull(max(seq), 0) FROM `+schema+`.record),
		       (SELECT ifnull(max(id), 0) FROM `+schema+`.changed),
		       (SELECT ifnull(max(id), 0) FROM `+schema+`.exception)`).
		Scan(&c.Mark.Lineage, &c.Mark.Seq, &c.Mark.Change, &c.Mark.Exception)
	if err != nil {
		return c, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT name, records, covered_until, retained_from FROM `+schema+`.feed ORDER BY name`)
	if err != nil {
		return c, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	c.Feeds = []Held{}
	for rows.Next() {
		var h Held
		if err := rows.Scan(&h.Feed, &h.Records, &h.CoveredUntil, &h.RetainedFrom); err != nil {
			return c, err
		}
		c.Feeds = append(c.Feeds, h)
	}
	return c, rows.Err()
}

// Copy writes the history as it is now to path, which must not exist, while it
// is collected; see store.DB.
func (h *DB) Copy(ctx context.Context, path string) (store.Copied, error) {
	return h.db.Copy(ctx, path)
}
