package admin

import (
	"context"
	"fmt"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

// TwinHead returns the last act that the audit of the twin in a pair had when
// the two agreed last: as long as nobody rewrites it, it is still in there. Of id
// 0 nothing is known.
func (a *DB) TwinHead(ctx context.Context, pair string) (head audit.Head, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		head, err = twinHead(ctx, tx, pair)
		return err
	})
	return head, err
}

func twinHead(ctx context.Context, tx *store.Tx, pair string) (head audit.Head, err error) {
	var hash []byte
	err = tx.QueryRowContext(ctx, `
		SELECT iif(twin_pair IN ('', ?1), twin_head_id, 0), iif(twin_pair IN ('', ?1), twin_head_hash, zeroblob(32)) FROM state`, pair).
		Scan(&head.ID, &hash)
	if err == nil {
		head.Hash, err = audit.HashFrom(hash)
	}
	if err != nil {
		return audit.Head{}, fmt.Errorf("read what is known of the twin's audit: %w", err)
	}
	return head, nil
}

// A TwinAudit is what the audit of the twin in a pair is taken for.
type TwinAudit struct {
	Pair string
	Twin string // its name
	Head audit.Head
}

// An acceptedAct is what the audit says of it.
type acceptedAct struct {
	Was   audit.Head `json:"was"`
	Is    audit.Head `json:"is"`
	Place string     `json:"place"`
}

// AcceptTwin takes the twin's audit for what somebody says that it is, though
// what was known of it is no longer in there, and returns what that was. Who did
// so stands in the audit here.
func (a *DB) AcceptTwin(ctx context.Context, by Author, to TwinAudit) (was audit.Head, err error) {
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		if was, err = twinHead(ctx, tx, to.Pair); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE state SET twin_head_id = ?, twin_head_hash = ?, twin_pair = ?`,
			to.Head.ID, to.Head.Hash[:], to.Pair)
		if err != nil {
			return err
		}
		_, err = audit.Append(ctx, tx, audit.Act{
			Actor: by.Actor, Verb: by.Verb, Target: to.Twin, Detail: acceptedAct{was, to.Head, by.From},
		})
		return err
	})
	if err != nil {
		return audit.Head{}, fmt.Errorf("accept the audit of %s: %w", inert.Text(to.Twin), err)
	}
	return was, nil
}
