package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// ErrNotFollowing is returned for an increment that does not go on from the
// copy that it is to be made for, or laid on.
var ErrNotFollowing = errors.New("does not go on from that copy")

// Every table of the history is in one of these lists, or is record, exception
// or lineage: a test looks.

// wholeTables are small, and stand in an increment as they are.
func wholeTables() []string {
	return []string{"feed", "coverage", "gap", "quarantine", "agreed", "marked", "fold_head", "healed", "changed"}
}

// A dayTable is carried by days: those that changed.
type dayTable struct{ name, time string }

func dayTables() []dayTable {
	return []dayTable{{"bucket", "start"}, {"queue_interval", "start"}, {"agent_interval", "start"}, {"fold", "border"}}
}

// Increment writes to path, which must not exist, what this history holds that
// a copy of it does not that was made at since. It costs as much as changed
// since, whatever there was before, and reads one snapshot while the history is
// collected. A since of another history, or later than now, is ErrNotFollowing.
func (h *DB) Increment(ctx context.Context, path string, since Mark) (Contents, error) {
	var c Contents
	err := store.Join(ctx, path, h.db.Path(), func(tx *store.Tx) (err error) {
		if c, err = contents(ctx, tx, "src"); err != nil {
			return err
		}
		if since.Lineage != c.Mark.Lineage || since.Seq > c.Mark.Seq || since.Change > c.Mark.Change || since.Exception > c.Mark.Exception {
			return fmt.Errorf("%w: this is another history than it is of", ErrNotFollowing)
		}
		return extract(ctx, tx, since)
	})
	if err != nil {
		return c, fmt.Errorf("increment: %w", err)
	}
	return c, nil
}

// extract fills the increment: main is empty, src is the history. Of the last
// day that had changed at since it is not known whether it changed again.
func extract(ctx context.Context, tx *store.Tx, since Mark) error {
	statements := []string{
		`CREATE TABLE main.since (lineage TEXT, seq INTEGER, change INTEGER, exception INTEGER) STRICT`,
	}
	for _, name := range wholeTables() {
		statements = append(statements, `CREATE TABLE main.`+name+` AS SELECT * FROM src.`+name)
	}
	for _, t := range dayTables() {
		statements = append(statements, `CREATE TABLE main.`+t.name+` AS SELECT * FROM src.`+t.name+` WHERE 0`)
	}
	statements = append(statements,
		`CREATE TABLE main.lineage AS SELECT * FROM src.lineage`,
		`CREATE TABLE main.record AS SELECT * FROM src.record WHERE 0`,
		`CREATE TABLE main.exception AS SELECT * FROM src.exception WHERE 0`,
		`CREATE TABLE main.kept AS SELECT ifnull(min(id), 0) AS exception FROM src.exception`,
		`CREATE TABLE main.numbering AS SELECT name, seq FROM src.sqlite_sequence`,
		`CREATE TABLE main.unswept (seq INTEGER PRIMARY KEY) STRICT`)
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		statement string
		args      []any
	}{
		{`INSERT INTO main.since VALUES (?, ?, ?, ?)`, []any{since.Lineage, since.Seq, since.Change, since.Exception}},
		{`INSERT INTO main.record SELECT * FROM src.record WHERE seq > ?1`, []any{since.Seq}},
		{`INSERT INTO main.record SELECT r.* FROM src.healed h JOIN src.record r USING (seq) WHERE r.seq <= ?1`, []any{since.Seq}},
		{`INSERT INTO main.exception SELECT * FROM src.exception WHERE id > ?1`, []any{since.Exception}},
		{`INSERT INTO main.unswept SELECT r.seq FROM src.feed f JOIN src.record r ON r.feed = f.id AND r.at < f.retained_from`, nil},
	} {
		if _, err := tx.ExecContext(ctx, s.statement, s.args...); err != nil {
			return err
		}
	}
	days, err := changedDays(ctx, tx, since.Change)
	if err != nil {
		return err
	}
	for _, d := range days {
		for _, t := range dayTables() {
			_, err := tx.ExecContext(ctx, `INSERT INTO main.`+t.name+` SELECT * FROM src.`+t.name+` WHERE feed = ?1 AND `+t.time+` >= ?2 AND `+t.time+` < ?3`,
				d.feed, d.day, d.day+record.Day)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// A changedDay is a day of which buckets, counts or borders changed.
type changedDay struct {
	feed int64
	day  record.Instant
}

func changedDays(ctx context.Context, tx *store.Tx, since int64) (days []changedDay, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT feed, day FROM src.changed WHERE id >= ?`, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var d changedDay
		if err := rows.Scan(&d.feed, &d.day); err != nil {
			return nil, err
		}
		days = append(days, d)
	}
	return days, rows.Err()
}

// Lay lays an increment on the copy at path that it goes on from: then that
// holds, row by row, what the history held when the increment was made. It
// takes all or, with an error, leaves a copy to be thrown away.
func Lay(ctx context.Context, path, increment string) error {
	err := store.Join(ctx, path, increment, func(tx *store.Tx) error {
		is, err := contents(ctx, tx, "main")
		if err != nil {
			return err
		}
		var from Mark
		err = tx.QueryRowContext(ctx, `SELECT lineage, seq, change, exception FROM src.since`).
			Scan(&from.Lineage, &from.Seq, &from.Change, &from.Exception)
		if err == nil && from != is.Mark {
			err = fmt.Errorf("%w: it is at record %d, the increment begins behind %d", ErrNotFollowing, is.Mark.Seq, from.Seq)
		}
		if err != nil {
			return err
		}
		return lay(ctx, tx, from)
	})
	if err != nil {
		return fmt.Errorf("lay an increment on %s: %w", path, err)
	}
	return nil
}

func lay(ctx context.Context, tx *store.Tx, from Mark) error {
	days, err := changedDays(ctx, tx, from.Change)
	if err != nil {
		return err
	}
	for _, t := range dayTables() {
		for _, d := range days {
			_, err := tx.ExecContext(ctx, `DELETE FROM main.`+t.name+` WHERE feed = ?1 AND `+t.time+` >= ?2 AND `+t.time+` < ?3`, d.feed, d.day, d.day+record.Day)
			if err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO main.`+t.name+` SELECT * FROM src.`+t.name); err != nil {
			return err
		}
	}
	statements := []string{
		`DELETE FROM main.record WHERE seq IN
		   (SELECT r.seq FROM src.feed f JOIN main.record r ON r.feed = f.id AND r.at < f.retained_from)
		 AND seq NOT IN (SELECT seq FROM src.unswept)`,
		`DELETE FROM main.record WHERE seq IN (SELECT seq FROM src.record)`, // healed since
		`INSERT INTO main.record SELECT * FROM src.record`,
		`DELETE FROM main.exception WHERE id < (SELECT exception FROM src.kept)`,
		`INSERT INTO main.exception SELECT * FROM src.exception`,
	}
	for _, name := range wholeTables() { // the days that changed come last: laying them noted others
		statements = append(statements, `DELETE FROM main.`+name, `INSERT INTO main.`+name+` SELECT * FROM src.`+name)
	}
	statements = append(statements, `DELETE FROM main.sqlite_sequence`, `INSERT INTO main.sqlite_sequence (name, seq) SELECT name, seq FROM src.numbering`)
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
