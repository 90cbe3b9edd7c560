package admin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// maxReason is how many bytes are kept of why a sync failed.
const maxReason = 512

// An Attempt is what became of the last sync that this server, the primary,
// tried, where that did not come to its end. The zero one is that there is none.
type Attempt struct {
	At         record.Instant // when it ended
	Generation int64          // of this server then: at a higher one something was changed since
	Conflicts  int64          // rows that it found and nobody had resolved
	Err        string         // why; inert, of bounded length
}

// Attempted writes down what became of a sync, over what became of the one
// before; why is nil where it came to its end.
func (a *DB) Attempted(ctx context.Context, conflicts int64, why error) error {
	if why == nil {
		return a.forgetAttempt(ctx)
	}
	err := a.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT OR REPLACE INTO attempt (id, at, generation, conflicts, error) SELECT 1, ?, generation, ?, ? FROM state`,
			record.At(tx.Now), conflicts, reason(why))
		return err
	})
	if err != nil {
		return fmt.Errorf("write down what became of the sync: %w", err)
	}
	return nil
}

// forgetAttempt writes only where there is something to forget.
func (a *DB) forgetAttempt(ctx context.Context) error {
	var have Attempt
	err := a.Read(ctx, func(r *Reading) (err error) {
		have, err = r.Attempt(ctx)
		return err
	})
	if err != nil || have == (Attempt{}) {
		return err
	}
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM attempt`)
		return err
	})
	if err != nil {
		return fmt.Errorf("write down what became of the sync: %w", err)
	}
	return nil
}

// reason is what is kept of an error, which may say what the twin said.
func reason(why error) string {
	text := inert.Text(why.Error())
	if len(text) <= maxReason {
		return text
	}
	const more = "..."
	end := maxReason - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// Attempt returns what became of the last sync that was tried, which costs
// nothing.
func (r *Reading) Attempt(ctx context.Context) (Attempt, error) {
	var is Attempt
	err := r.tx.QueryRowContext(ctx, `SELECT at, generation, conflicts, error FROM attempt`).
		Scan(&is.At, &is.Generation, &is.Conflicts, &is.Err)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Attempt{}, fmt.Errorf("read what became of the last sync: %w", err)
	}
	return is, nil
}
