package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// auditPage is how many acts are read in one transaction.
const auditPage = 5000

// An Act is what somebody did, for the audit.
type Act struct {
	Actor  string // who: a person's login, or the twin's name
	Verb   string // "pair.accept"
	Target string // what it was done to; may be ""
	Detail any    // encoded as a JSON object; nil is {}
}

// An Audited is an act as it was written down.
type Audited struct {
	ID     int64           `json:"id"` // 1, 2, 3 and so on without holes
	At     record.Instant  `json:"at"`
	Actor  string          `json:"actor"`
	Verb   string          `json:"verb"`
	Target string          `json:"target"`
	Detail json.RawMessage `json:"detail"` // an object
	Prev   Hash            `json:"prev"`   // of the act before
	Hash   Hash            `json:"hash"`
}

// A Head is the last act of an audit. Who knows one, as the twin does, can tell
// whether acts were taken off the end since.
type Head struct {
	ID   int64 `json:"id"` // 0: none
	Hash Hash  `json:"hash"`
}

// A Broken is the first act of which the audit's own hashes do not tell what
// the row tells. It is what AuditVerify returns.
type Broken struct {
	ID  int64  `json:"id"`
	Why string `json:"why"`
}

// Error names the act.
func (b *Broken) Error() string { return fmt.Sprintf("the audit is broken at %d: %s", b.ID, b.Why) }

// Audit adds an act to the audit. What changes this file too is written down by
// the change itself, in its transaction.
func (n *DB) Audit(ctx context.Context, act Act) error {
	return n.db.Update(ctx, func(tx *store.Tx) error { return audit(ctx, tx, act) })
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
		return audit(ctx, tx, act)
	})
}

func audit(ctx context.Context, tx *store.Tx, act Act) error {
	head, err := auditHead(ctx, tx)
	if err != nil {
		return err
	}
	detail := []byte("{}")
	if act.Detail != nil {
		if detail, err = json.Marshal(act.Detail); err != nil {
			return fmt.Errorf("audit of %s: %w", act.Verb, err)
		}
	}
	a := Audited{
		ID: head.ID + 1, At: record.At(tx.Now), Actor: act.Actor, Verb: act.Verb, Target: act.Target,
		Detail: detail, Prev: head.Hash,
	}
	a.Hash = a.hash()
	_, err = tx.ExecContext(ctx, `
		INSERT INTO audit (id, at, actor, verb, target, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.At, a.Actor, a.Verb, a.Target, string(a.Detail), a.Prev[:], a.Hash[:])
	if err != nil {
		return fmt.Errorf("audit of %s: %w", act.Verb, err)
	}
	return nil
}

// AuditHead returns the last act's id and hash.
func (n *DB) AuditHead(ctx context.Context) (head Head, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		head, err = auditHead(ctx, tx)
		return err
	})
	return head, err
}

func auditHead(ctx context.Context, tx *store.Tx) (Head, error) {
	var head Head
	var hash []byte
	err := tx.QueryRowContext(ctx, `SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1`).Scan(&head.ID, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	if err == nil {
		head.Hash, err = hashFrom(hash)
	}
	if err != nil {
		return Head{}, fmt.Errorf("audit: %w", err)
	}
	return head, nil
}

// Audited returns acts in order, those after an id, at most limit.
func (n *DB) Audited(ctx context.Context, after int64, limit int) ([]Audited, error) {
	acts := []Audited{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT id, at, actor, verb, target, detail, prev, hash FROM audit WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			a, err := scanAudited(rows)
			if err != nil {
				return err
			}
			acts = append(acts, a)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	return acts, nil
}

func scanAudited(rows *sql.Rows) (Audited, error) {
	var a Audited
	var detail string
	var prev, hash []byte
	err := rows.Scan(&a.ID, &a.At, &a.Actor, &a.Verb, &a.Target, &detail, &prev, &hash)
	if err != nil {
		return a, err
	}
	a.Detail = json.RawMessage(detail)
	if a.Prev, err = hashFrom(prev); err != nil {
		return a, &Broken{a.ID, err.Error()}
	}
	if a.Hash, err = hashFrom(hash); err != nil {
		return a, &Broken{a.ID, err.Error()}
	}
	return a, nil
}

// AuditVerify reads all of the audit and returns its head, when each act is
// what its hash says and follows the one before. Else the error is a *Broken,
// the first. Of acts taken off the end it cannot tell: compare an older head.
func (n *DB) AuditVerify(ctx context.Context) (Head, error) {
	var head Head
	for {
		acts, err := n.Audited(ctx, head.ID, auditPage)
		if err != nil || len(acts) == 0 {
			return head, err
		}
		for _, a := range acts {
			if err := a.follows(head); err != nil {
				return head, err
			}
			head = Head{a.ID, a.Hash}
		}
	}
}

// follows tells whether an act is whole and the one after head.
func (a Audited) follows(head Head) error {
	switch {
	case a.ID != head.ID+1:
		return &Broken{head.ID + 1, fmt.Sprintf("it is missing, the next is %d", a.ID)}
	case a.Prev != head.Hash:
		return &Broken{a.ID, "it does not follow the act before"}
	case a.Hash != a.hash():
		return &Broken{a.ID, "it is not what was written down"}
	}
	return nil
}
