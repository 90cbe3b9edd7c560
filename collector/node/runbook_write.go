package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

// OpenRunbook begins a move of the role, or takes an open one up again: whoever
// is its runner from now on holds it alone, as long as it beats. ErrRunbook while
// another one is alive, ErrHalted if another one waits for a person.
func (n *DB) OpenRunbook(ctx context.Context, r Runbook) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("move of the role: %w", err)
	}
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		open, err := readRunbook(ctx, tx, `ended IS NULL`)
		switch {
		case errors.Is(err, ErrNoRunbook):
		case err != nil:
			return err
		case open.ID == r.ID && (open.Runner == r.Runner || open.Stale(now(tx))):
			_, err := tx.ExecContext(ctx, `UPDATE runbook SET runner = ?, beat = ? WHERE id = ?`, r.Runner, now(tx), r.ID)
			return err
		case open.ID == r.ID || !open.Stale(now(tx)):
			return fmt.Errorf("%w: %s by %s, from %s to %s, run on %s", ErrRunbook, open.Intent, open.Actor, open.Giver, open.Taker, open.Runner)
		default:
			return fmt.Errorf("%w: %s by %s, from %s to %s, begun at %v", ErrHalted, open.Intent, open.Actor, open.Giver, open.Taker, open.Started)
		}
		if _, err := readRunbook(ctx, tx, `id = ?`, r.ID); !errors.Is(err, ErrNoRunbook) {
			return errors.Join(err, fmt.Errorf("%w: %s is over", ErrRunbook, r.ID))
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO runbook (id, intent, giver, taker, actor, reason, options, runner, started, beat, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')`,
			r.ID, r.Intent, r.Giver, r.Taker, r.Actor, r.Reason, string(r.Options), r.Runner, now(tx), now(tx))
		if err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: r.Actor, Verb: "runbook.open", Target: r.ID, Detail: map[string]string{
			"intent": string(r.Intent), "from": r.Giver, "to": r.Taker, "reason": r.Reason,
		}})
	})
	if err != nil {
		return fmt.Errorf("begin to move the role: %w", err)
	}
	return nil
}

// NoteRunbook adds to the journal of an open runbook, and is a sign of life of
// its runner: without a note it is that alone. A note whose number is there is
// left out: it is told to both servers until both have it. ErrRunbook if another
// one is the runner by now, ErrNoRunbook if it is not open.
func (n *DB) NoteRunbook(ctx context.Context, id, runner string, notes ...RunbookNote) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		if err := holdsRunbook(ctx, tx, id, runner); err != nil {
			return err
		}
		for _, note := range notes {
			if note.Seq < 1 || note.Seq > maxNotes || inert.Name(note.Step) != nil {
				return fmt.Errorf("note %d of step %s", note.Seq, inert.Text(note.Step))
			}
			_, err := tx.ExecContext(ctx, `
				INSERT INTO runbook_note (runbook, seq, step, state, text, at) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT DO NOTHING`, id, note.Seq, note.Step, note.State, first(note.Text, maxNoteText), note.At)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE runbook SET beat = ? WHERE id = ?`, now(tx), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("journal of %s: %w", id, err)
	}
	return nil
}

// holdsRunbook tells whether it is open, and that server its runner.
func holdsRunbook(ctx context.Context, tx *store.Tx, id, runner string) error {
	open, err := readRunbook(ctx, tx, `id = ?`, id)
	switch {
	case err != nil:
		return err
	case open.State != RunbookOpen:
		return fmt.Errorf("%w that is open: it is %s", ErrNoRunbook, open.State)
	case open.Runner != runner:
		return fmt.Errorf("%w: %s goes through it", ErrRunbook, open.Runner)
	}
	return nil
}

// EndRunbook closes a runbook, with what came of it as a JSON object, and audits
// that. One that is closed so already stays as it is; else see NoteRunbook.
// ErrRunbook for one that is to be rolled back and has given the role away: a late
// word of a runner that another one took over from would leave nobody primary, and
// nothing to resume.
func (n *DB) EndRunbook(ctx context.Context, r Runbook) error {
	if len(r.Result) > maxDocuments || !json.Valid(r.Result) {
		return fmt.Errorf("end %s: a result of %d bytes", r.ID, len(r.Result))
	}
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		is, err := readRunbook(ctx, tx, `id = ?`, r.ID)
		if err == nil && is.State == r.State {
			return nil
		}
		if err := errors.Join(err, holdsRunbook(ctx, tx, r.ID, r.Runner)); err != nil {
			return err
		}
		if r.State == RunbookRolledBack {
			if err := gaveNothing(ctx, tx, r.ID); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE runbook SET state = ?, ended = ?, beat = ?, result = ? WHERE id = ?`,
			r.State, now(tx), now(tx), string(r.Result), r.ID)
		if err != nil {
			return err
		}
		if err := forgetRunbooks(ctx, tx); err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: is.Actor, Verb: "runbook." + string(r.State), Target: r.ID, Detail: r.Result})
	})
	if err != nil {
		return fmt.Errorf("end %s: %w", r.ID, err)
	}
	return nil
}

// gaveNothing tells whether the role is where it was before a runbook, as far as
// this server knows.
func gaveNothing(ctx context.Context, tx *store.Tx, runbook string) error {
	_, token, err := readToken(ctx, tx, `runbook = ?`, runbook)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && token == TokenVoid:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: its token is %s", ErrRunbook, token)
}

// forgetRunbooks forgets all but the newest; the audit has them all.
func forgetRunbooks(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM runbook WHERE ended IS NOT NULL AND started < (SELECT started FROM runbook ORDER BY started DESC LIMIT 1 OFFSET ?);
		DELETE FROM runbook_note WHERE runbook NOT IN (SELECT id FROM runbook)`, maxRunbooks)
	return err
}
