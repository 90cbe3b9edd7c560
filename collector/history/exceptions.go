package history

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// keptExceptions is how many exceptions are kept: years of a busy site's.
const keptExceptions = 1_000_000

// An Exception is a threshold that was crossed. It keeps what the threshold
// was then, so that a later edit does not change what happened.
type Exception struct {
	ID        int64          `json:"id"` // in the order in which this server saw them
	At        record.Instant `json:"at"` // seen by this server's clock
	Start     record.Instant `json:"interval"`
	Since     record.Instant `json:"since,omitzero"` // of what lasts; 0: it was counted
	Threshold string         `json:"threshold"`      // its key
	Name      string         `json:"name"`
	Measure   string         `json:"measure"`
	Severity  string         `json:"severity"`
	Feed      string         `json:"feed"`
	Object    string         `json:"object"`  // the queue or agent; "" where the feed is meant
	Limit     int64          `json:"limit_s"` // that was set
	Count     int64          `json:"count"`   // how many may be
	Percent   int64          `json:"percent"`
	Value     int64          `json:"value"` // that was reached
	Text      string         `json:"text"`
}

// AddExceptions stores facts and forgets the oldest. Of a threshold and an
// object there is one in an interval, and one of what lasts: others are not
// stored again. It returns those that were new.
func (h *DB) AddExceptions(ctx context.Context, seen []Exception) (added []Exception, err error) {
	err = h.db.Update(ctx, func(tx *store.Tx) error {
		added = nil
		for _, e := range seen {
			res, err := tx.ExecContext(ctx, `
				INSERT OR IGNORE INTO exception
				(at, start, since, threshold, name, measure, severity, feed, object, lim, count, percent, value, text)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				e.At, e.Start, e.Since, e.Threshold, e.Name, e.Measure, e.Severity, e.Feed, e.Object,
				e.Limit, e.Count, e.Percent, e.Value, e.Text)
			if err != nil {
				return err
			}
			rows, err := res.RowsAffected()
			if err == nil && rows > 0 {
				e.ID, err = res.LastInsertId()
				added = append(added, e)
			}
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM exception WHERE id <= (SELECT max(id) FROM exception) - ?`, keptExceptions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store exceptions: %w", err)
	}
	return added, nil
}

// Excepted says which exceptions are asked for. What is zero or empty leaves
// that open.
type Excepted struct {
	Seen    record.Span // seen from From on and before To
	Feed    string
	Objects []string // queues and agents by their names in the feed
	After   int64    // those with a higher ID
}

// Exceptions yields them in the order in which they were seen. An error is the
// last thing that it yields.
func (h *DB) Exceptions(ctx context.Context, of Excepted) iter.Seq2[Exception, error] {
	return func(yield func(Exception, error) bool) {
		for {
			page, err := h.exceptionPage(ctx, of)
			if err != nil {
				yield(Exception{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < pageRows {
				return
			}
			of.After = page[len(page)-1].ID
		}
	}
}

func (h *DB) exceptionPage(ctx context.Context, of Excepted) (page []Exception, err error) {
	to := of.Seen.To
	if to == 0 {
		to = maxInstant
	}
	objects := "" // all
	if len(of.Objects) > 0 {
		list, err := json.Marshal(of.Objects)
		if err != nil {
			return nil, err
		}
		objects = string(list)
	}
	err = h.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT id, at, start, since, threshold, name, measure, severity, feed, object, lim, count, percent, value, text
			FROM exception WHERE id > ?1 AND at >= ?2 AND at < ?3 AND ?4 IN ('', feed)
			  AND (?5 = '' OR object IN (SELECT value FROM json_each(?5)))
			ORDER BY id LIMIT ?6`, of.After, of.Seen.From, to, of.Feed, objects, pageRows)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var e Exception
			err := rows.Scan(&e.ID, &e.At, &e.Start, &e.Since, &e.Threshold, &e.Name, &e.Measure, &e.Severity, &e.Feed, &e.Object,
				&e.Limit, &e.Count, &e.Percent, &e.Value, &e.Text)
			if err != nil {
				return err
			}
			page = append(page, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	return page, nil
}

// LastException returns the highest ID that an exception ever had here, 0 if
// there never was one.
func (h *DB) LastException(ctx context.Context) (id int64, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'exception'), 0)`).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("read exceptions: %w", err)
	}
	return id, nil
}
