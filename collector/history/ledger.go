package history

import (
	"context"
	"database/sql"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// holeJoin is how near two holes of one reason may lie to be written as one:
// a hostile upstream must not get a row for each bad frame. Nor may it by having
// the reasons take turns, of which there are fewer than are looked at.
const holeJoin = record.Second

// mark applies m to the feed: its coverage and its gaps.
func (f *feedRow) mark(ctx context.Context, tx *store.Tx, m feed.Mark) error {
	before, err := f.hearing(ctx, tx)
	if err != nil {
		return err
	}
	changes, after := before.apply(m)
	f.coveredUntil, f.incarnation = after.coveredUntil, after.incarnation
	for _, c := range changes {
		if err := f.write(ctx, tx, c); err != nil {
			return err
		}
	}
	if before.coveredUntil == 0 && after.coveredUntil > 0 {
		return f.reached(ctx, tx, after.coveredUntil)
	}
	return nil
}

// reached takes away what Reach wrote, as it could not know yet where the first
// session would begin, of the time that this has heard.
func (f *feedRow) reached(ctx context.Context, tx *store.Tx, from record.Instant) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM gap WHERE feed = ? AND start >= ? AND until IS NOT NULL`, f.id, from)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE gap SET until = ?2 WHERE feed = ?1 AND until > ?2`, f.id, from)
	return err
}

func (f *feedRow) hearing(ctx context.Context, tx *store.Tx) (hearing, error) {
	h := hearing{since: f.since, coveredUntil: f.coveredUntil, listening: f.session.Valid, incarnation: f.incarnation}
	if !f.gap.Valid {
		return h, nil
	}
	h.gap = &gap{}
	err := tx.QueryRowContext(ctx, `SELECT start, reason, state FROM gap WHERE id = ?`, f.gap.Int64).
		Scan(&h.gap.From, &h.gap.Reason, &h.gap.State)
	return h, err
}

func (f *feedRow) write(ctx context.Context, tx *store.Tx, c change) error {
	var err error
	switch {
	case c.listen != nil:
		f.session, err = insertID(ctx, tx,
			`INSERT INTO coverage (feed, start, until, incarnation) VALUES (?, ?, ?, ?)`, f.id, *c.listen, *c.listen, f.incarnation)
	case c.heard != nil:
		_, err = tx.ExecContext(ctx, `UPDATE coverage SET until = ? WHERE id = ?`, *c.heard, f.session.Int64)
	case c.deaf:
		f.session = sql.NullInt64{}
	case c.open != nil:
		f.gap, err = insertID(ctx, tx,
			`INSERT INTO gap (feed, start, reason, state) VALUES (?, ?, ?, ?)`, f.id, c.open.From, c.open.Reason, c.open.State)
	case c.end != nil:
		_, err = tx.ExecContext(ctx, `UPDATE gap SET until = ? WHERE id = ?`, *c.end, f.gap.Int64)
		f.gap = sql.NullInt64{}
	case c.drop:
		_, err = tx.ExecContext(ctx, `DELETE FROM gap WHERE id = ?`, f.gap.Int64)
		f.gap = sql.NullInt64{}
	case c.between != nil:
		err = f.between(ctx, tx, *c.between)
	case c.hole != nil:
		err = f.hole(ctx, tx, *c.hole)
	case c.found != nil:
		err = f.found(ctx, tx, *c.found)
	}
	return err
}

// between writes a gap with both its ends.
func (f *feedRow) between(ctx context.Context, tx *store.Tx, g gap) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO gap (feed, start, until, reason, state) VALUES (?, ?, ?, ?, ?)`,
		f.id, g.From, g.Until, g.Reason, g.State)
	return err
}

// hole writes a hole, or lengthens the one that it joins. Of numbers that a file
// skips it is told again when that file is read again: then nothing is new.
func (f *feedRow) hole(ctx context.Context, tx *store.Tx, g gap) error {
	if g.Reason == feed.Skipped {
		var told int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM gap WHERE feed = ? AND start = ? AND until = ? AND reason = ?`,
			f.id, g.From, g.Until, g.Reason).Scan(&told)
		if err != nil || told > 0 {
			return err
		}
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE gap SET until = max(until, ?1)
		WHERE id = (SELECT id
		            FROM (SELECT * FROM gap WHERE feed = ?2 AND start <= ?3 ORDER BY start DESC, id DESC LIMIT 8)
		            WHERE reason = ?4 AND state = ?5 ORDER BY start DESC, id DESC LIMIT 1)
		  AND until IS NOT NULL AND until + ?6 >= ?3`,
		g.Until, f.id, g.From, g.Reason, g.State, holeJoin)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return f.between(ctx, tx, g)
}

// found fills what gaps of a reason tell of a stretch: it was here, and came late.
// One that would become too many stays as it is.
func (f *feedRow) found(ctx context.Context, tx *store.Tx, g gap) error {
	here := []record.Span{{From: g.From, To: g.Until}}
	j := judging{said: Testimony{Until: g.Until, Asked: here, Heard: here}}
	var err error
	j.left, err = gapIDs(ctx, tx, `
		SELECT id FROM gap
		WHERE feed = ? AND reason = ? AND start < ? AND until > ? AND state IN ('open', 'lost') ORDER BY start, id LIMIT ?`,
		f.id, g.Reason, g.Until, g.From, portionRows)
	for err == nil && len(j.left) > 0 {
		err = j.take(ctx, tx, f)
	}
	return err
}

func insertID(ctx context.Context, tx *store.Tx, query string, args ...any) (sql.NullInt64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return sql.NullInt64{}, err
	}
	id, err := res.LastInsertId()
	return sql.NullInt64{Int64: id, Valid: err == nil}, err
}
