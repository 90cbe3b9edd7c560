package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// rowsPerDrop is how many records one transaction deletes: the collector must
// not wait long for its turn.
const rowsPerDrop = 2000

// ErrNotAgreed is returned when a day is to be dropped of which it is not
// recorded that both twins held the same, or which has changed since.
var ErrNotAgreed = errors.New("the twins have not agreed on that day")

// ErrNotCounted is returned when a day is to be dropped whose records are still
// to be counted.
var ErrNotCounted = errors.New("not all records of that day are counted yet")

// Agree records that the twin held the tally t of the day that begins at day
// (midnight UTC), if this server holds the same now; false means that it does
// not, and nothing is recorded.
func (h *DB) Agree(ctx context.Context, name string, day record.Instant, t record.Tally) (agreed bool, err error) {
	if day != dayOf(day) {
		return false, fmt.Errorf("agree on a day of %q: %s is not midnight UTC", name, day)
	}
	err = h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		have, err := f.dayTally(ctx, tx, day)
		if agreed = err == nil && day >= f.retainedFrom && have == t; !agreed {
			return err
		}
		sum := t.Sum.Bytes()
		_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO agreed (feed, day, count, sum, at) VALUES (?, ?, ?, ?, ?)`,
			f.id, day, t.Count, sum[:], record.At(tx.Now))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("agree on a day of %q: %w", name, err)
	}
	return agreed, nil
}

// dayOf returns the midnight UTC before or at that instant.
func dayOf(at record.Instant) record.Instant {
	day := at - at%record.Day
	if at < day {
		day -= record.Day
	}
	return day
}

func (f *feedRow) dayTally(ctx context.Context, tx *store.Tx, day record.Instant) (record.Tally, error) {
	s := slots{width: record.Day}
	err := s.read(ctx, tx, f, record.Span{From: day, To: day + record.Day})
	if err != nil || len(s.all) == 0 {
		return record.Tally{}, err
	}
	return s.all[0].Tally, nil
}

// Drop deletes whole days of a feed, the oldest first, that end at until or
// before: records, buckets, coverage and gaps. It returns how many records it
// deleted, also with an error. A day must have been agreed on with the twin and
// not have changed since, else Drop ends there with ErrNotAgreed, which names
// it; evenIfUnmatched says that the twin is gone for good. A day without any
// record or open gap needs no agreement. What was counted stays; a day of which
// something is still to be counted is ErrNotCounted, unless
// evenIfUnmatched.
//
// What is dropped stays so: retained_from moves with the first deletion of a
// day, nobody sees anything before it any more, and what comes for that time
// later, from the feed or the twin, is counted as too old. A Drop that was
// interrupted is finished by the next one. Today is kept, and while the feed is
// listened to the day that it was last heard on.
func (h *DB) Drop(ctx context.Context, name string, until record.Instant, evenIfUnmatched bool) (dropped int64, err error) {
	for more := true; more; {
		var n int64
		if n, err = h.sweep(ctx, name); err != nil {
			break
		}
		if dropped += n; n == rowsPerDrop {
			continue
		}
		if more, err = h.dropDay(ctx, name, until, evenIfUnmatched); err != nil {
			break
		}
	}
	if err != nil {
		return dropped, fmt.Errorf("drop records of %q: %w", name, err)
	}
	return dropped, nil
}

// sweep deletes some records of dropped days. The one that arrived last of all
// stays until others have come: its number in the order of arrival would be
// given away again, and whoever reads in that order would pass over a record.
func (h *DB) sweep(ctx context.Context, name string) (swept int64, err error) {
	err = h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `
			DELETE FROM record WHERE seq IN
			  (SELECT seq FROM record
			   WHERE feed = ? AND at < ? AND seq < (SELECT max(seq) FROM record)
			   ORDER BY at, digest, n LIMIT ?)`, f.id, f.retainedFrom, rowsPerDrop)
		if err != nil {
			return err
		}
		if swept, err = res.RowsAffected(); err != nil {
			return err
		}
		f.records -= swept
		return f.save(ctx, tx)
	})
	return swept, err
}

// dropDay moves retained_from behind the oldest day that holds anything, or to
// until if that is earlier; false means that it is there. The records are left
// to sweep.
func (h *DB) dropDay(ctx context.Context, name string, until record.Instant, evenIfUnmatched bool) (more bool, err error) {
	err = h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		end := dayOf(min(until, record.At(tx.Now)))
		if f.session.Valid {
			end = min(end, dayOf(f.coveredUntil))
		}
		if end <= f.retainedFrom {
			return nil
		}
		day, err := f.oldestDay(ctx, tx)
		if err != nil {
			return err
		}
		if day < end {
			if err := f.droppable(ctx, tx, day, evenIfUnmatched); err != nil {
				return err
			}
			end, more = day+record.Day, true
		}
		f.retainedFrom = end
		if err := f.cut(ctx, tx); err != nil {
			return err
		}
		return f.save(ctx, tx)
	})
	return more && err == nil, err
}

// oldestDay returns the first day that holds a record or a part of an open gap.
func (f *feedRow) oldestDay(ctx context.Context, tx *store.Tx) (record.Instant, error) {
	var first, gap sql.NullInt64
	err := tx.QueryRowContext(ctx, `
		SELECT (SELECT min(at) FROM record WHERE feed = ?1 AND at >= ?2),
		       (SELECT min(start) FROM gap WHERE feed = ?1 AND state = 'open' AND ifnull(until, ?3) > ?2)`,
		f.id, f.retainedFrom, maxInstant).Scan(&first, &gap)
	if err != nil {
		return 0, err
	}
	oldest := maxInstant
	for _, at := range []sql.NullInt64{first, gap} {
		if at.Valid {
			oldest = min(oldest, max(record.Instant(at.Int64), f.retainedFrom))
		}
	}
	return dayOf(oldest), nil
}

func (f *feedRow) droppable(ctx context.Context, tx *store.Tx, day record.Instant, evenIfUnmatched bool) error {
	if evenIfUnmatched {
		return nil
	}
	if err := f.dayCounted(ctx, tx, day); err != nil {
		return err
	}
	agreed, err := readTally(tx.QueryRowContext(ctx, `SELECT count, sum FROM agreed WHERE feed = ? AND day = ?`, f.id, day))
	if errors.Is(err, sql.ErrNoRows) {
		if alone, err := f.nothingShared(ctx, tx, day); alone || err != nil {
			return err
		}
		return fmt.Errorf("%w: %s", ErrNotAgreed, day.Time().Format("2006-01-02"))
	}
	if err != nil {
		return err
	}
	have, err := f.dayTally(ctx, tx, day)
	if err == nil && have != agreed {
		err = fmt.Errorf("%w since it changed: %s", ErrNotAgreed, day.Time().Format("2006-01-02"))
	}
	return err
}

// nothingShared tells whether of a day there is nothing that the twin may have
// too: records without time, and no gap.
func (f *feedRow) nothingShared(ctx context.Context, tx *store.Tx, day record.Instant) (alone bool, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT NOT EXISTS (SELECT * FROM record WHERE feed = ?1 AND at >= ?2 AND at < ?3 AND n < ?4)
		   AND NOT EXISTS (SELECT * FROM gap
		                   WHERE feed = ?1 AND start < ?3 AND ifnull(until, ?3) > ?2 AND state IN ('open', 'lost'))`,
		f.id, day, day+record.Day, int64(record.Untimed)).Scan(&alone)
	return alone, err
}

// dayCounted refuses a day of which something is still to be counted, where the
// feed is counted at all.
func (f *feedRow) dayCounted(ctx context.Context, tx *store.Tx, day record.Instant) error {
	var left bool
	err := tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT * FROM marked WHERE feed = ?1 AND start >= ?2 AND start < ?3)
		    OR EXISTS (SELECT * FROM fold_head WHERE feed = ?1)
		   AND EXISTS (SELECT * FROM record WHERE feed = ?1 AND at >= max(?2, ?4) AND at < ?3)`,
		f.id, day, day+record.Day, f.counted).Scan(&left)
	if err == nil && left {
		err = fmt.Errorf("%w: %s", ErrNotCounted, day.Time().Format("2006-01-02"))
	}
	return err
}

// cut takes away whatever lies before retained_from, except records and what was
// counted of them. The session and the gap that last stay, from there on; so
// does what was known at retained_from, for counting anew begins there.
func (f *feedRow) cut(ctx context.Context, tx *store.Tx) error {
	for _, statement := range []string{
		`DELETE FROM bucket WHERE feed = ?1 AND start < ?2`,
		`DELETE FROM agreed WHERE feed = ?1 AND day < ?2`,
		`DELETE FROM marked WHERE feed = ?1 AND start < ?2`,
		`DELETE FROM fold WHERE feed = ?1 AND border < (SELECT max(border) FROM fold WHERE feed = ?1 AND border <= ?2)`,
		`DELETE FROM coverage WHERE feed = ?1 AND until <= ?2 AND id IS NOT ?3`,
		`UPDATE coverage SET start = ?2 WHERE feed = ?1 AND start < ?2`,
		`DELETE FROM gap WHERE feed = ?1 AND until <= ?2`,
		`UPDATE gap SET start = ?2 WHERE feed = ?1 AND start < ?2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, f.id, f.retainedFrom, f.session); err != nil {
			return err
		}
	}
	return nil
}
