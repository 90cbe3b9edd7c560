// Package audit writes down who did what, in a table of the database that what
// was done stands in: each act's hash covers the one before, so that none can
// be changed, left out or put between unseen. The table is the file's own
// migration's; it has the same shape in every file.
package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// page is how many acts are read in one transaction.
const page = 5000

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

// String returns the head as people give it to each other: ID:HASH, or 0 where
// there is no act.
func (h Head) String() string {
	if h == (Head{}) {
		return "0"
	}
	return fmt.Sprintf("%d:%s", h.ID, h.Hash)
}

// A Broken is the first act of which the audit's own hashes do not tell what
// the row tells. It is what Verify returns.
type Broken struct {
	ID  int64  `json:"id"`
	Why string `json:"why"`
}

// Error names the act.
func (b *Broken) Error() string { return fmt.Sprintf("the audit is broken at %d: %s", b.ID, b.Why) }

// Append adds an act to the audit of the file that tx writes and returns it as
// the new head. It commits or is lost with what else the transaction does.
func Append(ctx context.Context, tx *store.Tx, act Act) (Head, error) {
	head, err := HeadOf(ctx, tx)
	if err != nil {
		return Head{}, err
	}
	detail := []byte("{}")
	if act.Detail != nil {
		if detail, err = json.Marshal(act.Detail); err != nil {
			return Head{}, fmt.Errorf("audit of %s: %w", act.Verb, err)
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
		return Head{}, fmt.Errorf("audit of %s: %w", act.Verb, err)
	}
	return Head{a.ID, a.Hash}, nil
}

// HeadOf returns the last act's id and hash, the zero Head where there is none.
func HeadOf(ctx context.Context, tx *store.Tx) (Head, error) {
	var head Head
	var hash []byte
	err := tx.QueryRowContext(ctx, `SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1`).Scan(&head.ID, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	if err == nil {
		head.Hash, err = HashFrom(hash)
	}
	if err != nil {
		return Head{}, fmt.Errorf("audit: %w", err)
	}
	return head, nil
}

// List returns acts in order, those after an id, at most limit.
func List(ctx context.Context, tx *store.Tx, after int64, limit int) ([]Audited, error) {
	acts := []Audited{}
	rows, err := tx.QueryContext(ctx, `
		SELECT id, at, actor, verb, target, detail, prev, hash FROM audit WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		a, err := scanAudited(rows)
		if err != nil {
			return nil, fmt.Errorf("read audit: %w", err)
		}
		acts = append(acts, a)
	}
	if err := rows.Err(); err != nil {
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
	if a.Prev, err = HashFrom(prev); err != nil {
		return a, &Broken{a.ID, err.Error()}
	}
	if a.Hash, err = HashFrom(hash); err != nil {
		return a, &Broken{a.ID, err.Error()}
	}
	return a, nil
}

// Verify reads all of a file's audit, a page at a time, and returns its head,
// when each act is what its hash says and follows the one before. Else the
// error is a *Broken, the first. Of acts taken off the end it cannot tell:
// compare an older head.
func Verify(ctx context.Context, db *store.DB) (Head, error) {
	var head Head
	for {
		var acts []Audited
		err := db.View(ctx, func(tx *store.Tx) (err error) {
			acts, err = List(ctx, tx, head.ID, page)
			return err
		})
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

// A Reader reads acts in order, those after an id, at most limit.
type Reader func(ctx context.Context, after int64, limit int) ([]Audited, error)

// Contains returns a *Broken unless an audit, which is whole, has that head in
// it. One of id 0 is before the first act: every audit has it.
func Contains(ctx context.Context, read Reader, head Head) error {
	if head.ID == 0 {
		return nil
	}
	acts, err := read(ctx, head.ID-1, 1)
	switch {
	case err != nil:
		return err
	case len(acts) == 0:
		return &Broken{ID: head.ID, Why: "it is missing, and so may be others behind it"}
	case acts[0].ID != head.ID || acts[0].Hash != head.Hash:
		return &Broken{ID: head.ID, Why: "it is not the one whose hash was given"}
	}
	return nil
}
