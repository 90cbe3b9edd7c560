package history

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Heard returns the stretches of the span of which this server provably holds
// everything that the upstream said, in order: what its sessions heard, what
// the twin filled and where there was nothing to hear, without the gaps that
// are open or lost, and nothing that was dropped or lies behind what was last
// proven. An instant that both a session and an open gap claim was not heard.
func (h *DB) Heard(ctx context.Context, name string, span record.Span) ([]record.Span, error) {
	var heard []record.Span
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		span := f.retained(span).Intersect(record.Span{From: span.From, To: f.coveredUntil})
		if span.Empty() {
			return nil
		}
		held, err := f.spans(ctx, tx, `
			SELECT start, until FROM coverage WHERE feed = ?1 AND start < ?2 AND until > ?3
			UNION ALL
			SELECT start, until FROM gap
			WHERE feed = ?1 AND start < ?2 AND until > ?3 AND state IN ('filled', 'closed')`, span.To, span.From)
		if err != nil {
			return err
		}
		missed, err := f.spans(ctx, tx, `
			SELECT start, ifnull(until, ?2) FROM gap
			WHERE feed = ?1 AND start < ?2 AND ifnull(until, ?2) > ?3 AND state NOT IN ('filled', 'closed')`, span.To, span.From)
		if err != nil {
			return err
		}
		heard = record.Intersect(record.Subtract(held, missed), []record.Span{span})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read coverage of %q: %w", name, err)
	}
	return heard, nil
}

// spans runs a query for pairs of instants whose first argument is the feed's id.
func (f *feedRow) spans(ctx context.Context, tx *store.Tx, query string, args ...any) ([]record.Span, error) {
	rows, err := tx.QueryContext(ctx, query, append([]any{f.id}, args...)...)
	if err != nil {
		return nil, err
	}
	return scanSpans(rows)
}

func scanSpans(rows *sql.Rows) ([]record.Span, error) {
	defer rows.Close() //nolint:errcheck // Err tells
	var spans []record.Span
	for rows.Next() {
		var s record.Span
		if err := rows.Scan(&s.From, &s.To); err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, rows.Err()
}
