package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// Intervals say which intervals of a feed to read: those that begin within the
// span.
type Intervals struct {
	Feed string
	Span record.Span
}

// QueueIntervals yields what was counted of each queue in each interval, in
// order of start and name. Intervals and queues of which nothing was counted
// are not among them: whether that means zero, [DB.CountedState] and the
// coverage tell. Rows that are counted anew while it runs may be of either
// state, each for itself. An error is the last thing that it yields.
func (h *DB) QueueIntervals(ctx context.Context, q Intervals) iter.Seq2[acd.QueueRow, error] {
	return func(yield func(acd.QueueRow, error) bool) {
		t := queueTable()
		t.yield(func(after place) (bool, error) { return t.read(ctx, h, q, after) }, yield)
	}
}

// AgentIntervals yields what was counted of each agent, as QueueIntervals does.
func (h *DB) AgentIntervals(ctx context.Context, q Intervals) iter.Seq2[acd.AgentRow, error] {
	return func(yield func(acd.AgentRow, error) bool) {
		t := agentTable()
		t.yield(func(after place) (bool, error) { return t.read(ctx, h, q, after) }, yield)
	}
}

// A place is where a row stands among those of its table.
type place struct {
	start record.Instant
	name  string
}

func queuePlace(r acd.QueueRow) place { return place{r.Start, r.Queue} }
func agentPlace(r acd.AgentRow) place { return place{r.Start, r.Agent} }

// An intervalTable is how rows of one sort are read.
type intervalTable[Row any] struct {
	query string
	scan  func(*sql.Rows) (Row, error)
	place func(Row) place
	add   func(to *Row, r Row)
	rows  []Row // of the page that was read last; the next takes their room
}

// yield yields the rows of one page after the other. next reads one behind a
// place, and tells whether there may be more.
func (t *intervalTable[Row]) yield(next func(after place) (bool, error), yield func(Row, error) bool) {
	after := place{start: math.MinInt64}
	for more := true; more; {
		var err error
		more, err = next(after)
		if err != nil {
			var none Row
			yield(none, err)
			return
		}
		for _, r := range t.rows {
			if !yield(r, nil) {
				return
			}
		}
		if more {
			after = t.place(t.rows[len(t.rows)-1])
		}
	}
}

// read reads a page of rows behind a place, those of one place as one row, and
// tells whether there may be more. It is one short transaction.
func (t *intervalTable[Row]) read(ctx context.Context, h *DB, q Intervals, after place) (more bool, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, q.Feed)
		if err != nil {
			return err
		}
		found, err := tx.QueryContext(ctx, t.query, f.id, after.start, after.name, q.Span.From, q.Span.To, f.counted, pageRows)
		if err != nil {
			return err
		}
		more, err = t.merge(found)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read intervals of %q: %w", q.Feed, err)
	}
	return more, nil
}

// merge makes one row of all that have one place. Of a page that is full, the
// last place may go on in the next: it is left to that.
func (t *intervalTable[Row]) merge(found *sql.Rows) (more bool, err error) {
	defer found.Close() //nolint:errcheck // Err tells
	t.rows = t.rows[:0]
	n := 0
	for ; found.Next(); n++ {
		r, err := t.scan(found)
		if err != nil {
			return false, err
		}
		if last := len(t.rows) - 1; last >= 0 && t.place(t.rows[last]) == t.place(r) {
			t.add(&t.rows[last], r)
			continue
		}
		t.rows = append(t.rows, r)
	}
	if more = n == pageRows; more && len(t.rows) > 1 {
		t.rows = t.rows[:len(t.rows)-1]
	}
	return more, found.Err()
}

// Counted says how far a feed is counted. It is zero where that never began.
type Counted struct {
	// Through is what it is counted up to: an interval that ends behind it is
	// not whole yet.
	Through record.Instant
	Format  string // of its records, as they were understood
	Version int    // of the rules: acd.FoldVersion
	// Marked are the intervals that have changed since they were counted, in
	// order.
	Marked []record.Instant
	// MarkedAt is when the last of them changed, by this server's clock.
	MarkedAt record.Instant
}

// CountedState tells how far a feed is counted, and what of it is to be counted
// anew.
func (h *DB) CountedState(ctx context.Context, name string) (Counted, error) {
	var c Counted
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		c, err = f.countedState(ctx, tx)
		return err
	})
	if err != nil {
		return Counted{}, fmt.Errorf("read how far %q is counted: %w", name, err)
	}
	return c, nil
}

func (f *feedRow) countedState(ctx context.Context, tx *store.Tx) (Counted, error) {
	var c Counted
	err := tx.QueryRowContext(ctx, `SELECT through, format, version FROM fold_head WHERE feed = ?`, f.id).
		Scan(&c.Through, &c.Format, &c.Version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT start, at FROM marked WHERE feed = ? ORDER BY start`, f.id)
	if err != nil {
		return c, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var start, at record.Instant
		if err := rows.Scan(&start, &at); err != nil {
			return c, err
		}
		c.Marked = append(c.Marked, start)
		c.MarkedAt = max(c.MarkedAt, at)
	}
	return c, rows.Err()
}
