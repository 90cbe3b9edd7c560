package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	keptAlarms = 10_000 // rows
	// sameAlarm is how soon one that ended may be true again and still be the
	// same: what flaps is told once.
	sameAlarm = 5 * time.Minute
)

// ErrNoAlarm is returned for an alarm that there is not.
var ErrNoAlarm = errors.New("no such alarm")

// A Raised is an alarm that is true now.
type Raised struct {
	Code, Object, Severity, Text string
	Since                        record.Instant
}

// A KeptAlarm is an alarm as it was written down.
type KeptAlarm struct {
	ID       int64   `json:"id"`
	Code     string  `json:"code"`
	Object   string  `json:"object"` // the feed or agent; "" where there can be one only
	Severity string  `json:"severity"`
	Since    Moment  `json:"since"`
	Raised   Moment  `json:"raised"`   // written down then
	Returned int64   `json:"returned"` // how often it came back soon after it had ended
	Ended    *Moment `json:"ended"`    // null while it is true
	Acked    *Moment `json:"acked"`    // null until a person has taken note
	AckedBy  string  `json:"acked_by"`
	Reason   string  `json:"reason"` // that the person gave
	Text     string  `json:"text"`   // as it was raised
}

const alarmColumns = `id, code, object, severity, since, raised, returned, ended, acked, acked_by, reason, text`

// Alarms returns the alarms that are true and those that ended since then, the
// oldest first.
func (n *DB) Alarms(ctx context.Context, since record.Instant) (all []KeptAlarm, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		all, err = readAlarms(ctx, tx, `
			SELECT `+alarmColumns+` FROM alarm WHERE ended IS NULL OR ended >= ? ORDER BY id`, since)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read alarms: %w", err)
	}
	return all, nil
}

func readAlarms(ctx context.Context, tx *store.Tx, query string, args ...any) ([]KeptAlarm, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	all := []KeptAlarm{}
	for rows.Next() {
		var a KeptAlarm
		var ended, acked sql.NullInt64
		err := rows.Scan(&a.ID, &a.Code, &a.Object, &a.Severity, &a.Since, &a.Raised, &a.Returned, &ended, &acked,
			&a.AckedBy, &a.Reason, &a.Text)
		if err != nil {
			return nil, err
		}
		a.Ended, a.Acked = momentIf(ended), momentIf(acked)
		all = append(all, a)
	}
	return all, rows.Err()
}

func momentIf(at sql.NullInt64) *Moment {
	if !at.Valid {
		return nil
	}
	m := Moment(at.Int64)
	return &m
}

// An AlarmChange is what became of alarms since the last one.
type AlarmChange struct {
	Raised []Raised // true now, and were not
	Ended  []int64  // no longer true
	// Tell returns who is to be told of an alarm that was raised.
	Tell func(KeptAlarm) ([]Message, error)
}

// NoteAlarms writes down what became of alarms and who is to be told, in one
// transaction. One that returns soon after it had ended is the same one, of
// which nobody is told again.
func (n *DB) NoteAlarms(ctx context.Context, change AlarmChange) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		now := record.At(tx.Now)
		for _, id := range change.Ended {
			if _, err := tx.ExecContext(ctx, `UPDATE alarm SET ended = ? WHERE id = ? AND ended IS NULL`, now, id); err != nil {
				return err
			}
		}
		for _, r := range change.Raised {
			if err := noteRaised(ctx, tx, r, change.Tell); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM alarm WHERE ended IS NOT NULL AND id <= (SELECT max(id) FROM alarm) - ?`, keptAlarms)
		return err
	})
	if err != nil {
		return fmt.Errorf("note alarms: %w", err)
	}
	return nil
}

func noteRaised(ctx context.Context, tx *store.Tx, r Raised, tell func(KeptAlarm) ([]Message, error)) error {
	now := record.At(tx.Now)
	res, err := tx.ExecContext(ctx, `
		UPDATE alarm SET ended = NULL, returned = returned + 1 WHERE id =
			(SELECT max(id) FROM alarm WHERE code = ? AND object = ? AND ended > ?)`,
		r.Code, r.Object, now.Add(-sameAlarm))
	if err != nil {
		return err
	}
	if rows, err := res.RowsAffected(); err != nil || rows > 0 {
		return err
	}
	res, err = tx.ExecContext(ctx, `
		INSERT INTO alarm (code, object, severity, text, since, raised) VALUES (?, ?, ?, ?, ?, ?)`,
		r.Code, r.Object, r.Severity, r.Text, r.Since, now)
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	messages, err := tell(KeptAlarm{
		ID: id, Code: r.Code, Object: r.Object, Severity: r.Severity, Since: Moment(r.Since), Raised: Moment(now), Text: r.Text,
	})
	if err != nil {
		return err
	}
	return putMessages(ctx, tx, messages)
}

// AckAlarms notes that a person has taken note of alarms, ended ones too: what
// was not sent yet of them is withdrawn. Those that were acknowledged before
// stay as they are. None means all that are true. It returns the acknowledged
// ones; ErrNoAlarm, with nothing changed, if one of the ids is no alarm's.
func (n *DB) AckAlarms(ctx context.Context, ids []int64, reason, actor string) (done []KeptAlarm, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		done = []KeptAlarm{}
		found, err := alarmsNamed(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, a := range found {
			if a.Acked != nil {
				continue
			}
			a.Acked, a.AckedBy, a.Reason = new(Moment), actor, reason
			*a.Acked = Moment(record.At(tx.Now))
			if err := ack(ctx, tx, a); err != nil {
				return err
			}
			done = append(done, a)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("acknowledge: %w", err)
	}
	return done, nil
}

func alarmsNamed(ctx context.Context, tx *store.Tx, ids []int64) ([]KeptAlarm, error) {
	if len(ids) == 0 {
		return readAlarms(ctx, tx, `SELECT `+alarmColumns+` FROM alarm WHERE ended IS NULL ORDER BY id`)
	}
	var all []KeptAlarm
	for _, id := range ids {
		found, err := readAlarms(ctx, tx, `SELECT `+alarmColumns+` FROM alarm WHERE id = ?`, id)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%w: %d", ErrNoAlarm, id)
		}
		all = append(all, found...)
	}
	return all, nil
}

func ack(ctx context.Context, tx *store.Tx, a KeptAlarm) error {
	now := record.At(tx.Now)
	_, err := tx.ExecContext(ctx, `UPDATE alarm SET acked = ?, acked_by = ?, reason = ? WHERE id = ?`, now, a.AckedBy, a.Reason, a.ID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE message SET state = 'withdrawn', done = ? WHERE about = ? AND state = 'waiting'`, now, AboutAlarm(a.ID))
	if err != nil {
		return err
	}
	return writeDown(ctx, tx, Act{
		Actor: a.AckedBy, Verb: "alarm.ack", Target: fmt.Sprint(a.ID),
		Detail: map[string]string{"code": a.Code, "object": a.Object, "reason": a.Reason},
	})
}
