package history

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// earliest is 1990, before any upstream that is collected here: a twin that
// tells of an older time is wrong.
const earliest = record.Instant(631_152_000_000_000)

// Reach writes down that everything between from, where the twin's history of
// the feed begins, and the first that was heard here is missing: a gap, as if
// this server had been stopped. What a gap tells already is not told again, and
// what was dropped on purpose is not missed. It may be called at any time, as
// often as one likes; zero, which is what an extent says that has no such
// time, does nothing.
func (h *DB) Reach(ctx context.Context, name string, from record.Instant) error {
	if from <= 0 {
		return nil
	}
	from = max(from, earliest)
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		to, err := f.heardFrom(ctx, tx)
		if err != nil {
			return err
		}
		told, err := f.spans(ctx, tx, `SELECT start, ifnull(until, ?2) FROM gap WHERE feed = ?1`, maxInstant)
		if err != nil {
			return err
		}
		for _, s := range record.Subtract([]record.Span{f.retained(record.Span{From: from, To: to})}, told) {
			if err := f.between(ctx, tx, gap{s.From, s.To, feed.Stopped, GapOpen}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reach back in %q: %w", name, err)
	}
	return nil
}

// heardFrom returns where the first session begins, or if there was none yet,
// since when the feed is known.
func (f *feedRow) heardFrom(ctx context.Context, tx *store.Tx) (record.Instant, error) {
	var from record.Instant
	err := tx.QueryRowContext(ctx, `SELECT ifnull(min(start), ?) FROM coverage WHERE feed = ?`, f.since, f.id).Scan(&from)
	return from, err
}
