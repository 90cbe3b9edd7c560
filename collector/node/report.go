package node

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/store"
)

// ErrManyWait is returned when no more messages may wait for a receiver.
var ErrManyWait = errors.New("too many messages wait already")

const reports = "report/"

// AboutReport says what a message is about that carries the report of that id.
func AboutReport(id string) string { return reports + id }

// ReportOf returns the id of the report that a message carries.
func ReportOf(about string) (id string, ok bool) { return strings.CutPrefix(about, reports) }

// Tell stores messages that twind is to send, and returns them as they stand:
// all of them or none. ErrManyWait names the receiver that is told of no more.
func (n *DB) Tell(ctx context.Context, messages []Message) (stored []Message, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		stored = nil
		if err := putMessages(ctx, tx, messages); err != nil {
			return err
		}
		for _, m := range messages {
			rows, err := readMessages(ctx, tx, `about = ? AND receiver = ?`, m.About, m.Receiver)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				return fmt.Errorf("%w for %s: %d", ErrManyWait, m.Receiver, mostWaiting)
			}
			stored = append(stored, rows...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("note what is to be told: %w", err)
	}
	return stored, nil
}

// Waits tells whether any message about this needs something still.
func (n *DB) Waits(ctx context.Context, about string) (waits bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM message WHERE about = ? AND done IS NULL)`, about).Scan(&waits)
	})
	if err != nil {
		return false, fmt.Errorf("read messages about %s: %w", about, err)
	}
	return waits, nil
}
