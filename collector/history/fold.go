package history

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Stretch is what the records of a stretch of a feed's time told.
type Stretch struct {
	Feed string
	// Span is the time whose records were read, in key order. It begins with an
	// interval, unless Continues is true; where it ends behind what was counted
	// so far, that is the new head, and else it ends with an interval.
	Span record.Span
	// Continues says that the stretch goes on from the head as it is: of the
	// first interval, the rows that are not given stand as they are.
	Continues bool
	Seen      Seen // before the first record was read
	Told      []Told
	Borders   []Border
}

// A Told is what the records of the interval that begins at At told.
type Told struct {
	At record.Instant
	acd.Counted
}

// A Border is what is known at the beginning of an interval.
type Border struct {
	At    record.Instant
	Carry []byte // empty: nothing
}

// CountBy says by which rules a feed is counted from now on: the format of its
// records, and acd.FoldVersion. Where that was by others, or never, all of it
// is to be counted anew; but what was counted of records that were dropped
// stays. The feed must be known here (ErrUnknownFeed).
func (h *DB) CountBy(ctx context.Context, name, format string, version int) error {
	err := h.portion(ctx, name, func(ctx context.Context, tx *store.Tx, f *feedRow) error {
		c, err := f.countedState(ctx, tx)
		if err != nil || c.Format == format && c.Version == version {
			return err
		}
		for _, s := range []struct {
			statement string
			args      []any
		}{
			{`INSERT OR REPLACE INTO fold_head (feed, format, version, through) VALUES (?, ?, ?, ?)`, []any{f.id, format, version, f.retainedFrom}},
			{`INSERT OR REPLACE INTO fold (feed, border, carry) VALUES (?, ?, x'')`, []any{f.id, f.retainedFrom}},
			{`DELETE FROM marked WHERE feed = ?`, []any{f.id}},
		} {
			if _, err := tx.ExecContext(ctx, s.statement, s.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin to count %q: %w", name, err)
	}
	return nil
}

// Seen is what whoever reads the records of a stretch cannot miss.
type Seen struct {
	seq    int64                             // of the last record of any feed
	marked map[record.Instant]record.Instant // when the intervals changed that are marked
}

// See is called before the records of a span are read, to be counted.
func (h *DB) See(ctx context.Context, name string, span record.Span) (Seen, error) {
	seen := Seen{marked: map[record.Instant]record.Instant{}}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT ifnull(max(seq), 0) FROM record`).Scan(&seen.seq); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT start, at FROM marked WHERE feed = ? AND start >= ? AND start < ?`, f.id, span.From, span.To)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var start, at record.Instant
			if err := rows.Scan(&start, &at); err != nil {
				return err
			}
			seen.marked[start] = at
		}
		return rows.Err()
	})
	if err != nil {
		return Seen{}, fmt.Errorf("see what there is of %q: %w", name, err)
	}
	return seen, nil
}

// Carry returns what is known at the last border at or before an instant. It is
// that of an earlier border, and empty, where nothing was known then and
// nothing happened since.
func (h *DB) Carry(ctx context.Context, name string, at record.Instant) (Border, error) {
	var b Border
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		b, err = f.carry(ctx, tx, at)
		return err
	})
	if err != nil {
		return Border{}, fmt.Errorf("read what was known of %q at %s: %w", name, at, err)
	}
	return b, nil
}

func (f *feedRow) carry(ctx context.Context, tx *store.Tx, at record.Instant) (Border, error) {
	b := Border{At: f.retainedFrom}
	err := tx.QueryRowContext(ctx, `
		SELECT border, carry FROM fold WHERE feed = ? AND border <= ? ORDER BY border DESC LIMIT 1`, f.id, at).
		Scan(&b.At, &b.Carry)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return b, err
}

// Count writes down what a stretch told, in one transaction: rows, what is
// known at the borders, the head, and the marks of what it counted anew. What
// came or changed of the stretch since Seen may have been read or not, so its
// interval is marked, or stays so. Where the stretch ends before the head, and something else
// is known there than what the next interval was counted from, that is marked
// too, and goesOn is true. A stretch that was counted before a CountBy must not
// be given after it.
func (h *DB) Count(ctx context.Context, s Stretch) (goesOn bool, err error) {
	var l late
	seen := s.Seen.seq
	err = h.db.View(ctx, func(tx *store.Tx) error { // beside the writer, as far as it goes
		f, err := readFeed(ctx, tx, s.Feed)
		if err != nil {
			return err
		}
		seen, err = f.lateSince(ctx, tx, seen, s.Span, &l)
		return err
	})
	if err == nil {
		err = h.portion(ctx, s.Feed, func(ctx context.Context, tx *store.Tx, f *feedRow) error {
			if _, err := f.lateSince(ctx, tx, seen, s.Span, &l); err != nil {
				return err
			}
			if goesOn, err = f.goesOn(ctx, tx, s); err != nil {
				return err
			}
			if goesOn {
				l.add(s.Span.To)
			}
			return f.count(ctx, tx, s, l)
		})
	}
	if err != nil {
		return false, fmt.Errorf("write down what was counted of %q from %s: %w", s.Feed, s.Span.From, err)
	}
	return goesOn, nil
}

func (f *feedRow) count(ctx context.Context, tx *store.Tx, s Stretch, l late) error {
	if err := f.clear(ctx, tx, s); err != nil {
		return err
	}
	for _, t := range s.Told {
		if err := f.writeTold(ctx, tx, t); err != nil {
			return err
		}
	}
	for _, b := range s.Borders {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO fold (feed, border, carry) VALUES (?, ?, ?)`, f.id, b.At, blob(b.Carry))
		if err != nil {
			return err
		}
	}
	if err := f.markLate(ctx, tx, l); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE fold_head SET through = max(through, ?) WHERE feed = ?`, s.Span.To, f.id)
	return err
}

// goesOn tells whether something else is known at the end of the stretch than
// what was counted on from there.
func (f *feedRow) goesOn(ctx context.Context, tx *store.Tx, s Stretch) (bool, error) {
	if s.Span.To >= f.counted {
		return false, nil
	}
	was, err := f.carry(ctx, tx, s.Span.To)
	if err != nil {
		return false, err
	}
	var is []byte
	if n := len(s.Borders); n > 0 && s.Borders[n-1].At == s.Span.To {
		is = s.Borders[n-1].Carry
	}
	return !bytes.Equal(was.Carry, is), nil
}

// clear takes away what the stretch replaces.
func (f *feedRow) clear(ctx context.Context, tx *store.Tx, s Stretch) error {
	from := s.Span.From
	if s.Continues {
		if from = acd.Interval(from); from < s.Span.From {
			from += acd.IntervalWidth
		}
	}
	for _, statement := range []string{
		`DELETE FROM queue_interval WHERE feed = ?1 AND start >= ?2 AND start < ?3 AND told = start`,
		`DELETE FROM queue_interval WHERE feed = ?1 AND told >= ?2 AND told < ?3 AND told <> start`,
		`DELETE FROM agent_interval WHERE feed = ?1 AND start >= ?2 AND start < ?3 AND told = start`,
		`DELETE FROM agent_interval WHERE feed = ?1 AND told >= ?2 AND told < ?3 AND told <> start`,
	} {
		if _, err := tx.ExecContext(ctx, statement, f.id, from, s.Span.To); err != nil {
			return err
		}
	}
	for start, at := range s.Seen.marked {
		if start < from || start >= s.Span.To {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM marked WHERE feed = ? AND start = ? AND at = ?`, f.id, start, at); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM fold WHERE feed = ? AND border > ? AND border <= ?`, f.id, s.Span.From, s.Span.To)
	return err
}

// A Horizon is how far a feed could be counted now.
type Horizon struct {
	Newest       record.Instant // the time of the newest record, 0 if there is none
	CoveredUntil record.Instant
	RetainedFrom record.Instant
}

// Horizon returns how far a feed could be counted now.
func (h *DB) Horizon(ctx context.Context, name string) (Horizon, error) {
	var z Horizon
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		z.CoveredUntil, z.RetainedFrom = f.coveredUntil, f.retainedFrom
		return tx.QueryRowContext(ctx, `SELECT ifnull(max(at), 0) FROM record WHERE feed = ?`, f.id).Scan(&z.Newest)
	})
	if err != nil {
		return Horizon{}, fmt.Errorf("find the end of %q: %w", name, err)
	}
	return z, nil
}
