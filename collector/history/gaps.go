package history

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A GapState is what has become of a gap.
type GapState string

// The states of a gap.
const (
	GapOpen   GapState = "open"   // nobody knows what was missed
	GapFilled GapState = "filled" // the twin had it
	GapLost   GapState = "lost"   // the twin did not hear it either
	GapClosed GapState = "closed" // there was nothing to hear
)

// A Gap is a stretch of upstream time in which a feed was not provably heard.
type Gap struct {
	ID      int64           `json:"id"` // 0 while it is not written down yet
	Feed    string          `json:"feed"`
	From    record.Instant  `json:"from"`
	To      *record.Instant `json:"to"` // nil while it lasts
	Reason  feed.Reason     `json:"reason"`
	State   GapState        `json:"state"`
	Records int64           `json:"records"` // with a time of their own, stored from that stretch all the same
}

// Gaps returns the gaps of a feed, or of all when name is empty, in order of time.
// What was stored of a long one is read from the buckets, but at its two ends: what
// came back of a week costs no more than of an hour.
func (h *DB) Gaps(ctx context.Context, name string) ([]Gap, error) {
	gaps := []Gap{}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			WITH stretch AS (
				SELECT g.id, g.feed, f.name, g.start, g.until, g.reason, g.state, ifnull(g.until, ?2) AS ends,
				       (g.start / ?3 + 1) * ?3 AS first, ifnull(g.until, ?2) / ?3 * ?3 AS behind -- whole buckets lie between them
				FROM gap g JOIN feed f ON f.id = g.feed
				WHERE ?1 IN ('', f.name))
			SELECT id, name, start, until, reason, state,
			       (SELECT count(*) FROM record r WHERE r.feed = g.feed AND r.at > g.start AND r.at < min(g.first, g.ends) AND r.n < ?4) +
			       (SELECT ifnull(sum(b.count), 0) FROM bucket b WHERE b.feed = g.feed AND b.start >= g.first AND b.start < g.behind) +
			       (SELECT count(*) FROM record r WHERE r.feed = g.feed AND r.at >= max(g.first, g.behind) AND r.at < g.ends AND r.n < ?4)
			FROM stretch g ORDER BY start, id`, name, maxInstant, record.BucketWidth, int64(record.Untimed))
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var g Gap
			var until sql.NullInt64
			if err := rows.Scan(&g.ID, &g.Feed, &g.From, &until, &g.Reason, &g.State, &g.Records); err != nil {
				return err
			}
			if until.Valid {
				to := record.Instant(until.Int64)
				g.To = &to
			}
			gaps = append(gaps, g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list gaps: %w", err)
	}
	return gaps, nil
}

// Unfinished returns the gaps of sessions that never ended, as they will be
// written when the feeds are started again. It is for a server of which it is
// known that it does not run.
func (h *DB) Unfinished(ctx context.Context, name string) ([]Gap, error) {
	var gaps []Gap
	err := h.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT name, covered_until, (SELECT count(*) FROM record r WHERE r.feed = f.id AND r.at > f.covered_until)
			FROM feed f WHERE session IS NOT NULL AND ?1 IN ('', name) ORDER BY covered_until`, name)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			g := Gap{Reason: feed.Crashed, State: GapOpen}
			if err := rows.Scan(&g.Feed, &g.From, &g.Records); err != nil {
				return err
			}
			gaps = append(gaps, g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list unfinished sessions: %w", err)
	}
	return gaps, nil
}

// A Summary is what the history holds of one feed.
type Summary struct {
	Feed                          string
	Records, Duplicates, Rejected int64
	TooOld                        int64          // came after their time was dropped
	Untimed                       int64          // came without usable time: twins cannot be compared on them
	LastAt, CoveredUntil          record.Instant // zero: none yet
	RetainedFrom                  record.Instant // what is older was dropped; zero: nothing was
	GapsOpen                      int64
	Incarnation                   string
}

// Summaries returns what is held of each feed that was ever configured here, by name.
func (h *DB) Summaries(ctx context.Context) (map[string]Summary, error) {
	all := map[string]Summary{}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT name, records, duplicates, rejected, too_old, untimed, last_at, covered_until, retained_from, incarnation,
			       (SELECT count(*) FROM gap g WHERE g.feed = f.id AND g.state = 'open')
			FROM feed f`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var s Summary
			if err := rows.Scan(&s.Feed, &s.Records, &s.Duplicates, &s.Rejected, &s.TooOld, &s.Untimed, &s.LastAt, &s.CoveredUntil,
				&s.RetainedFrom, &s.Incarnation, &s.GapsOpen); err != nil {
				return err
			}
			all[s.Feed] = s
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("summarize history: %w", err)
	}
	return all, nil
}
