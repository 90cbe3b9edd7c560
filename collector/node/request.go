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

const (
	claimWithin  = 5 * time.Second       // a request that nobody claims is withdrawn
	askInterval  = 50 * time.Millisecond // how often the asker looks
	keptRequests = 1000                  // done ones that are kept for a look back
)

// What became of a request.
var (
	// ErrNotClaimed is returned by Ask when twind did not take the request: it
	// is not running. The request was withdrawn; nothing was changed.
	ErrNotClaimed = errors.New("twind is not running")
	// ErrNoAnswer is returned by Ask when twind took the request and did not
	// say what came of it.
	ErrNoAnswer = errors.New("twind took the request and did not answer")
)

// A Request is what a person asks of the running server.
type Request struct {
	ID    int64
	Verb  string
	Args  json.RawMessage
	Actor string
	// Login is the administered user for whom it is asked; "": whoever is on the
	// server itself, or the twin.
	Login string
}

// An Answer is what came of it. Exit 0 means done; Text is for the person.
type Answer struct {
	Exit int
	Text string
}

// Ask puts a request to the running server and waits for the answer. It waits
// five seconds for it to be claimed, and then until ctx ends. Unless progress is
// nil it is told each new word of how far the request is; words may be missed.
func (n *DB) Ask(ctx context.Context, r Request, progress func(string)) (Answer, error) {
	id, err := n.put(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	tick := time.NewTicker(askInterval)
	defer tick.Stop()
	var last string
	for deadline := time.Now().Add(claimWithin); ; {
		now, err := n.look(ctx, id)
		if progress != nil && now.progress != last {
			last = now.progress
			progress(last)
		}
		switch {
		case ctx.Err() != nil && now.answer == nil:
			return Answer{}, n.abandon(context.WithoutCancel(ctx), id, ctx.Err())
		case err != nil:
			return Answer{}, err
		case now.answer != nil:
			return *now.answer, nil
		case !now.claimed && time.Now().After(deadline):
			if withdrawn, err := n.withdraw(context.WithoutCancel(ctx), id); err != nil {
				return Answer{}, fmt.Errorf("withdraw what nobody took: %w", err)
			} else if withdrawn {
				return Answer{}, ErrNotClaimed
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// abandon withdraws a request whose asker waits no longer, if it still can.
func (n *DB) abandon(ctx context.Context, id int64, why error) error {
	withdrawn, err := n.withdraw(ctx, id)
	switch {
	case err != nil:
		return errors.Join(why, err)
	case withdrawn:
		return fmt.Errorf("the request was withdrawn before twind took it, and nothing was changed: %w", why)
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, why)
}

func (n *DB) put(ctx context.Context, r Request) (id int64, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		now := record.At(tx.Now)
		res, err := tx.ExecContext(ctx, `INSERT INTO request (verb, args, actor, login, at, expires) VALUES (?, ?, ?, ?, ?, ?)`,
			r.Verb, string(r.Args), r.Actor, r.Login, now, now.Add(claimWithin))
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ask twind: %w", err)
	}
	return id, nil
}

// A standing is what there is to know of a request.
type standing struct {
	claimed  bool
	progress string
	answer   *Answer // nil until there is one
}

func (n *DB) look(ctx context.Context, id int64) (s standing, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		var exit sql.NullInt64
		var text string
		err := tx.QueryRowContext(ctx, `SELECT claimed IS NOT NULL, progress, exit, result FROM request WHERE id = ?`, id).
			Scan(&s.claimed, &s.progress, &exit, &text)
		if exit.Valid {
			s.answer = &Answer{int(exit.Int64), text}
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return standing{}, ErrNoAnswer
	}
	return s, err
}

// withdraw takes a request back if nobody has claimed it.
func (n *DB) withdraw(ctx context.Context, id int64) (withdrawn bool, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM request WHERE id = ? AND claimed IS NULL`, id)
		if err != nil {
			return err
		}
		rows, err := res.RowsAffected()
		withdrawn = rows > 0
		return err
	})
	return withdrawn, err
}

// Claim takes the oldest request that waits and has not expired; nil if there
// is none. claimer names this run of twind.
func (n *DB) Claim(ctx context.Context, claimer string) (claimed *Request, err error) {
	waiting, err := n.waiting(ctx)
	if err != nil || !waiting {
		return nil, err
	}
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		var r Request
		var args string
		now := record.At(tx.Now)
		err := tx.QueryRowContext(ctx, `
			UPDATE request SET claimed = ?1, claimer = ?2
			WHERE id = (SELECT min(id) FROM request WHERE exit IS NULL AND claimed IS NULL AND expires > ?1)
			RETURNING id, verb, args, actor, login`, now, claimer).Scan(&r.ID, &r.Verb, &args, &r.Actor, &r.Login)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		r.Args = json.RawMessage(args)
		claimed = &r
		return nil
	})
	return claimed, err
}

// waiting looks without locking the file for writing.
func (n *DB) waiting(ctx context.Context) (waiting bool, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM request WHERE exit IS NULL AND claimed IS NULL AND expires > ?)`,
			record.At(tx.Now)).Scan(&waiting)
	})
	return waiting, err
}

// Doing returns what twind said last of a request that it is at, of one of these
// verbs; "" if it is at none.
func (n *DB) Doing(ctx context.Context, verbs ...string) (text string, err error) {
	all, err := json.Marshal(verbs)
	if err != nil {
		return "", err
	}
	err = n.db.View(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `
			SELECT progress FROM request
			WHERE exit IS NULL AND claimed IS NOT NULL AND verb IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1`,
			string(all)).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read what twind is at: %w", err)
	}
	return text, nil
}

// SetProgress says how far a request is, for the person who waits.
func (n *DB) SetProgress(ctx context.Context, id int64, text string) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE request SET progress = ? WHERE id = ? AND exit IS NULL`, text, id)
		return err
	})
}

// Finish answers a request, and forgets the oldest answered ones.
func (n *DB) Finish(ctx context.Context, id int64, a Answer) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE request SET exit = ?, result = ? WHERE id = ?`, a.Exit, a.Text, id)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM request WHERE exit IS NOT NULL AND id <= ?`, id-keptRequests)
		return err
	})
}

// GiveUp answers the requests that an earlier run of twind claimed and never
// finished, so that nobody waits for them: their outcome is unknown.
func (n *DB) GiveUp(ctx context.Context, claimer string, a Answer) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE request SET exit = ?, result = ? WHERE exit IS NULL AND claimed IS NOT NULL AND claimer <> ?`,
			a.Exit, a.Text, claimer)
		return err
	})
}
