package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Testimony is what the twin said of stretches that were then copied.
type Testimony struct {
	// Asked are the stretches that the twin was asked for: nothing outside them
	// is judged. All that it holds of them must have been merged.
	Asked []record.Span
	// Heard is what the twin had provably heard before the copying began.
	Heard []record.Span
	// Until is its covered_until at that time: what it had not heard before
	// then it will not hear any more.
	Until record.Instant
}

// Settled counts the stretches that a Settle filled or gave up for lost, and
// those that are over and still open.
type Settled struct{ Filled, Lost, Open int }

// Settle judges the gaps of a feed that are over, and are open or lost, by what
// the twin said: what it heard is filled; what it never heard, up to its own
// covered_until, is lost; the rest stays as it is. A gap that is judged in
// parts becomes several, with its reason. What was lost is filled when a twin
// says later that it heard it; what is filled stays so.
func (h *DB) Settle(ctx context.Context, name string, said Testimony) (Settled, error) {
	var done Settled
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		done = Settled{}
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		unsettled, err := f.unsettled(ctx, tx)
		if err != nil {
			return err
		}
		for _, u := range unsettled {
			pieces := settle(u.gap, said)
			done.count(u.State, pieces)
			if err := f.split(ctx, tx, u, pieces); err != nil {
				return err
			}
		}
		return f.join(ctx, tx)
	})
	if err != nil {
		return Settled{}, fmt.Errorf("settle gaps of %q: %w", name, err)
	}
	return done, nil
}

func (s *Settled) count(was GapState, pieces []gap) {
	for _, p := range pieces {
		switch {
		case p.State == GapOpen:
			s.Open++
		case p.State == was:
		case p.State == GapFilled:
			s.Filled++
		case p.State == GapLost:
			s.Lost++
		}
	}
}

// settle judges a gap that is over. The pieces tile it, in order. One without
// any instant in it is filled: there was nothing to miss.
func settle(g gap, said Testimony) []gap {
	whole := []record.Span{{From: g.From, To: g.Until}}
	if whole[0].Empty() {
		g.State = GapFilled
		return []gap{g}
	}
	asked := record.Intersect(whole, said.Asked)
	filled := record.Intersect(asked, said.Heard)
	lost := record.Intersect(record.Subtract(asked, said.Heard), []record.Span{{From: g.From, To: said.Until}})
	if g.State == GapLost {
		lost = record.Subtract(whole, filled)
	}
	var pieces []gap
	add := func(spans []record.Span, state GapState) {
		for _, s := range spans {
			pieces = append(pieces, gap{s.From, s.To, g.Reason, state})
		}
	}
	add(filled, GapFilled)
	add(lost, GapLost)
	add(record.Subtract(whole, slices.Concat(filled, lost)), GapOpen)
	slices.SortFunc(pieces, func(a, b gap) int { return cmp.Compare(a.From, b.From) })
	return pieces
}

// An unsettledGap is a row of a gap that is over.
type unsettledGap struct {
	id int64
	gap
}

func (f *feedRow) unsettled(ctx context.Context, tx *store.Tx) ([]unsettledGap, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT id, start, until, reason, state FROM gap
		WHERE feed = ? AND until IS NOT NULL AND state IN ('open', 'lost') ORDER BY start, id`, f.id)
	if err != nil {
		return nil, err
	}
	return scanUnsettled(rows)
}

func scanUnsettled(rows *sql.Rows) ([]unsettledGap, error) {
	defer rows.Close() //nolint:errcheck // Err tells
	var all []unsettledGap
	for rows.Next() {
		var u unsettledGap
		if err := rows.Scan(&u.id, &u.From, &u.Until, &u.Reason, &u.State); err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, rows.Err()
}

// split puts the pieces of a gap in its place. The first keeps its row.
func (f *feedRow) split(ctx context.Context, tx *store.Tx, was unsettledGap, pieces []gap) error {
	if len(pieces) == 1 && pieces[0] == was.gap {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE gap SET until = ?, state = ? WHERE id = ?`, pieces[0].Until, pieces[0].State, was.id)
	if err != nil {
		return err
	}
	for _, p := range pieces[1:] {
		if err := f.between(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// join makes one of gaps that touch, have one reason and were settled alike: the
// pieces in which a gap was judged are nobody's matter afterwards.
func (f *feedRow) join(ctx context.Context, tx *store.Tx) error {
	for {
		var first, second, until int64
		err := tx.QueryRowContext(ctx, `
			SELECT a.id, b.id, b.until
			FROM gap a JOIN gap b ON b.feed = a.feed AND b.start = a.until AND b.id <> a.id
			WHERE a.feed = ? AND a.state IN ('filled', 'lost') AND b.state = a.state AND b.reason = a.reason
			LIMIT 1`, f.id).Scan(&first, &second, &until)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE gap SET until = ? WHERE id = ?`, until, first); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM gap WHERE id = ?`, second); err != nil {
			return err
		}
	}
}

// OpenGaps returns the stretches that are missing here and may be asked of the
// twin: those of gaps that are over and open, and also the lost ones if lost is
// true. They are in order, and touch nowhere.
func (h *DB) OpenGaps(ctx context.Context, name string, lost bool) ([]record.Span, error) {
	var open []record.Span
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		open, err = f.spans(ctx, tx, `
			SELECT start, until FROM gap
			WHERE feed = ?1 AND until IS NOT NULL AND (state = 'open' OR ?2 AND state = 'lost')`, lost)
		open = record.Intersect(open, []record.Span{f.retained(always)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list open gaps of %q: %w", name, err)
	}
	return open, nil
}
