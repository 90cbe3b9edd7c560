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

const messageColumns = `id, about, receiver, facts, at, state, attempts, next, repeated, error, done`

func scanMessage(scan func(...any) error) (m Message, err error) {
	var facts string
	var done sql.NullInt64
	err = scan(&m.ID, &m.About, &m.Receiver, &facts, &m.At, &m.State, &m.Attempts, &m.Next, &m.Repeated, &m.Error, &done)
	m.Facts, m.Done = []byte(facts), momentIf(done)
	return m, err
}

// readMessages returns those that meet a condition, the oldest first.
func readMessages(ctx context.Context, tx *store.Tx, condition string, args ...any) ([]Message, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+messageColumns+` FROM message WHERE `+condition+` ORDER BY id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	all := []Message{}
	for rows.Next() {
		m, err := scanMessage(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// Messages returns those that need something still and those that were done
// with since then, the oldest first.
func (n *DB) Messages(ctx context.Context, since record.Instant) ([]Message, error) {
	var all []Message
	err := n.db.View(ctx, func(tx *store.Tx) (err error) {
		all, err = readMessages(ctx, tx, `done IS NULL OR done >= ?`, since)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return all, nil
}

// Recall makes messages that an earlier run of twind was sending when it died
// wait again. Whether they arrived nobody knows: they are marked as repeated.
func (n *DB) Recall(ctx context.Context) (recalled int64, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE message SET state = 'waiting', repeated = 1, next = ?, error = 'twind ended while it was being sent' WHERE state = 'sending'`,
			record.At(tx.Now))
		if err != nil {
			return err
		}
		recalled, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("recall messages: %w", err)
	}
	return recalled, nil
}

// NextMessage takes the oldest message of a channel that is due, and notes
// that it is being sent; nil if there is none. Whoever took it must say what
// came of it, with Delivered.
func (n *DB) NextMessage(ctx context.Context, channel string) (next *Message, err error) {
	due := false
	err = n.db.View(ctx, func(tx *store.Tx) error { // looks without locking the file for writing
		return tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM message WHERE done IS NULL AND channel = ? AND state = 'waiting' AND (next <= ? OR next > ?))`,
			channel, record.At(tx.Now), record.At(tx.Now.Add(farAhead))).Scan(&due)
	})
	if err != nil || !due {
		return nil, err
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		m, err := scanMessage(tx.QueryRowContext(ctx, `
			UPDATE message SET state = 'sending', attempts = attempts + 1 WHERE id = (
				SELECT min(id) FROM message WHERE done IS NULL AND channel = ? AND state = 'waiting' AND (next <= ? OR next > ?))
			RETURNING `+messageColumns,
			channel, record.At(tx.Now), record.At(tx.Now.Add(farAhead))).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		next = &m
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take a message: %w", err)
	}
	return next, nil
}

// A Delivery is what came of an attempt to send a message.
type Delivery struct {
	ID       int64
	Err      error         // nil: it was sent
	Doubtful bool          // it may have arrived all the same
	Wait     time.Duration // until the next attempt; 0: it is given up
	// Away says that nobody on the message's channel can be reached: the other
	// ones that wait for it are not tried for so long either.
	Away bool
	// Crossing is the one that the message is about, "" of an alarm: it is told
	// once none of its messages waits any more.
	Crossing string
}

// Delivered notes what came of an attempt.
func (n *DB) Delivered(ctx context.Context, d Delivery) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		now := record.At(tx.Now)
		if d.Err == nil {
			_, err := tx.ExecContext(ctx, `UPDATE message SET state = 'sent', error = '', done = ? WHERE id = ?`, now, d.ID)
			if err != nil || d.Crossing == "" {
				return err
			}
			var more bool
			err = tx.QueryRowContext(ctx, `
				SELECT EXISTS (SELECT 1 FROM message WHERE done IS NULL AND about = (SELECT about FROM message WHERE id = ?))`, d.ID).Scan(&more)
			if err != nil || more {
				return err
			}
			return noteTold(ctx, tx, d.Crossing)
		}
		if d.Wait == 0 {
			_, err := tx.ExecContext(ctx, `UPDATE message SET state = 'given_up', error = ?, done = ? WHERE id = ?`, d.Err.Error(), now, d.ID)
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE message SET state = 'waiting', error = ?, next = ?, repeated = max(repeated, ?) WHERE id = ?`,
			d.Err.Error(), now.Add(d.Wait), d.Doubtful, d.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE message SET state = 'withdrawn', done = ? WHERE id = ? AND about IN (SELECT 'alarm/' || id FROM alarm WHERE acked IS NOT NULL)`,
			now, d.ID)
		if err != nil || !d.Away {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE message SET next = max(next, ?1) WHERE done IS NULL AND state = 'waiting' AND channel = (SELECT channel FROM message WHERE id = ?2)`,
			now.Add(d.Wait), d.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what came of message %d: %w", d.ID, err)
	}
	return nil
}

// Undelivered is what messages wait for one receiver, or were given up.
type Undelivered struct {
	Receiver string `json:"receiver"`
	Waiting  int64  `json:"waiting"`  // that were tried in vain
	GivenUp  int64  `json:"given_up"` // in the last day
	Since    Moment `json:"since"`    // the oldest of them was put here
	Error    string `json:"error"`    // of the last attempt for one of them
}

// Undelivered returns, by receiver, what could not be delivered so far.
func (n *DB) Undelivered(ctx context.Context) ([]Undelivered, error) {
	all := []Undelivered{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT receiver, sum(done IS NULL), sum(done IS NOT NULL), min(at),
				(SELECT error FROM message m WHERE m.receiver = message.receiver AND error <> '' ORDER BY m.id DESC LIMIT 1)
			FROM message
			WHERE done IS NULL AND error <> '' OR state = 'given_up' AND done >= ?
			GROUP BY receiver ORDER BY receiver`, record.At(tx.Now.Add(-24*time.Hour)))
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var u Undelivered
			if err := rows.Scan(&u.Receiver, &u.Waiting, &u.GivenUp, &u.Since, &u.Error); err != nil {
				return err
			}
			all = append(all, u)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read what was not delivered: %w", err)
	}
	return all, nil
}
