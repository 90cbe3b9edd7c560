package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	keptMessages = 5_000 // rows
	// mostWaiting is how many messages may wait for one receiver: what comes
	// when there are more is not told, only kept.
	mostWaiting = 500
	// farAhead is beyond what a message ever waits: one that would is due, for
	// this server's clock was set back.
	farAhead = time.Hour
)

// A MessageState is what became of a message.
type MessageState string

// The states of a message.
const (
	MessageWaiting   MessageState = "waiting"
	MessageSending   MessageState = "sending"
	MessageSent      MessageState = "sent"
	MessageGivenUp   MessageState = "given_up"
	MessageWithdrawn MessageState = "withdrawn" // its alarm was acknowledged first
)

// A Message is one fact for one receiver. There is never another of the two.
type Message struct {
	ID       int64           `json:"id"`
	About    string          `json:"about"`    // alarm/12 or crossing/7
	Receiver string          `json:"receiver"` // mail:noc@example.com, exec:pager
	Facts    json.RawMessage `json:"facts"`
	At       Moment          `json:"at"`
	State    MessageState    `json:"state"`
	Attempts int64           `json:"attempts"`
	Next     Moment          `json:"next"`     // not tried before
	Repeated bool            `json:"repeated"` // it may have arrived by an earlier attempt
	Error    string          `json:"error"`    // of the last attempt
	Done     *Moment         `json:"done"`     // null until it needs nothing more
}

// AboutAlarm says what a message about an alarm is about.
func AboutAlarm(id int64) string { return "alarm/" + strconv.FormatInt(id, 10) }

// AboutCrossing says what a message about an exception of the history is about.
func AboutCrossing(id int64) string { return "crossing/" + strconv.FormatInt(id, 10) }

// Channel returns how a receiver is told: mail or exec.
func Channel(receiver string) string {
	channel, _, _ := strings.Cut(receiver, ":")
	return channel
}

// putMessages stores messages that are not there yet. Of one receiver so many
// wait at the most.
func putMessages(ctx context.Context, tx *store.Tx, messages []Message) error {
	now := record.At(tx.Now)
	for _, m := range messages {
		_, err := tx.ExecContext(ctx, `
			INSERT OR IGNORE INTO message (about, receiver, channel, facts, at, state, next)
			SELECT ?1, ?2, ?3, ?4, ?5, 'waiting', ?5
			WHERE (SELECT count(*) FROM message WHERE done IS NULL AND channel = ?3 AND receiver = ?2) < ?6`,
			m.About, m.Receiver, Channel(m.Receiver), string(m.Facts), now, mostWaiting)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM message WHERE done IS NOT NULL AND id <= (SELECT max(id) FROM message) - ?`, keptMessages)
	return err
}

// ToldThrough returns the last exception of the history of which messages were
// made, and whether that was ever noted.
func (n *DB) ToldThrough(ctx context.Context) (id int64, noted bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT through FROM told`).Scan(&id)
		noted = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("read what was told: %w", err)
	}
	return id, noted, nil
}

// Told is what was decided about exceptions of the history.
type Told struct {
	Through  int64     // the last of them
	Messages []Message // that are to be sent
	Instead  []string  // crossings that are told in the place of the primary
}

// SetTold stores messages, and up to which exception of the history they are
// made, in one transaction.
func (n *DB) SetTold(ctx context.Context, told Told) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		if err := putMessages(ctx, tx, told.Messages); err != nil {
			return err
		}
		for _, crossing := range told.Instead {
			if err := noteTold(ctx, tx, crossing); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO told (id, through) VALUES (1, ?)`, told.Through)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what is told: %w", err)
	}
	return nil
}

const (
	toldFor  = time.Hour // longer than an interval and the one before
	mostTold = 100       // they go over the link each time
)

// noteTold notes that a crossing was told, and forgets those of long ago.
func noteTold(ctx context.Context, tx *store.Tx, crossing string) error {
	now := record.At(tx.Now)
	_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO told_crossing (crossing, at) VALUES (?, ?)`, crossing, now)
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM told_crossing WHERE at < ?`, now.Add(-toldFor))
	}
	return err
}

// ToldCrossings returns the newest crossings that this server has told people
// of, or has taken upon itself in the place of its primary.
func (n *DB) ToldCrossings(ctx context.Context) (crossings []string, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT crossing FROM told_crossing WHERE at >= ? ORDER BY at DESC, crossing LIMIT ?`,
			record.At(tx.Now.Add(-toldFor)), mostTold)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var c string
			if err := rows.Scan(&c); err != nil {
				return err
			}
			crossings = append(crossings, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return crossings, nil
}
