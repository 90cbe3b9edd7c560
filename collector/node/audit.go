package node

import (
	"context"
	"time"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

type (
	// An Act is what somebody did, for the audit.
	Act = audit.Act
	// An Audited is an act as it was written down.
	Audited = audit.Audited
	// A Head is the last act of an audit.
	Head = audit.Head
	// A Broken is the first act that is not what was written down.
	Broken = audit.Broken
	// A Hash is that of an act.
	Hash = audit.Hash
)

// Audit adds an act to the audit. What changes this file too is written down by
// the change itself, in its transaction.
func (n *DB) Audit(ctx context.Context, act Act) error {
	return n.db.Update(ctx, func(tx *store.Tx) error { return writeDown(ctx, tx, act) })
}

const (
	mostRefusals  = 20 // in a row that AuditRefusal writes down
	refusalsWhile = time.Minute
)

// AuditRefusal adds an act that others can make happen at will, in any number of
// processes: when the last twenty acts were all of its verb and within a minute
// it is not written down, and the last that is says that there may be more.
func (n *DB) AuditRefusal(ctx context.Context, act Act) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		var before int
		err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM (SELECT at, verb FROM audit ORDER BY id DESC LIMIT ?) WHERE verb = ? AND at > ?`,
			mostRefusals, act.Verb, record.At(tx.Now.Add(-refusalsWhile))).Scan(&before)
		if err != nil || before == mostRefusals {
			return err
		}
		if before == mostRefusals-1 {
			act.Detail = map[string]string{"more": "is not written down for a minute"}
		}
		return writeDown(ctx, tx, act)
	})
}

func writeDown(ctx context.Context, tx *store.Tx, act Act) error {
	_, err := audit.Append(ctx, tx, act)
	return err
}

// AuditHead returns the last act's id and hash.
func (n *DB) AuditHead(ctx context.Context) (head Head, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		head, err = audit.HeadOf(ctx, tx)
		return err
	})
	return head, err
}

// Audited returns acts in order, those after an id, at most limit.
func (n *DB) Audited(ctx context.Context, after int64, limit int) (acts []Audited, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		acts, err = audit.List(ctx, tx, after, limit)
		return err
	})
	return acts, err
}

// AuditVerify reads all of the audit and returns its head, as audit.Verify does.
func (n *DB) AuditVerify(ctx context.Context) (Head, error) { return audit.Verify(ctx, n.db) }
