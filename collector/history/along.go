package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/store"
)

// What goes along in one transaction: so little that whoever waits for the
// transaction does not feel it.
const (
	alongRows  = 16
	alongBytes = 16 << 10
	// alongWait is how long rows wait to be taken along: a feed that is stored
	// less often than that seldom meets a transaction of their own.
	alongWait = 5 * time.Millisecond
)

// A rider is records of the twin that go along in a transaction of Commit.
type rider struct {
	feed string
	rows []Row
	done Outcome
	err  error
	over chan struct{} // closed when done and err are told
}

// MergeAlong stores the first of the rows as Merge does, but in the transaction
// of the next Commit, so that they cost collecting no flush and hardly a wait.
// It returns how many went. None did if nothing is committed within
// milliseconds, or the first is too large; then Merge them. What is wrong with
// them is told here alone, and fails no Commit.
func (h *DB) MergeAlong(ctx context.Context, name string, rows []Row) (Outcome, int, error) {
	r := &rider{feed: name, rows: few(rows), over: make(chan struct{})}
	if len(r.rows) == 0 {
		return Outcome{}, 0, nil
	}
	late := time.NewTimer(alongWait)
	defer late.Stop()
	select {
	case h.along <- r:
	case <-late.C:
		return Outcome{}, 0, nil
	case <-ctx.Done():
		return Outcome{}, 0, context.Cause(ctx)
	}
	<-r.over // a transaction that has begun is finished
	if r.err != nil {
		return Outcome{}, 0, fmt.Errorf("merge records of %q: %w", name, r.err)
	}
	return r.done, len(r.rows), nil
}

// few returns the first rows, as many as may go along.
func few(rows []Row) []Row {
	size := 0
	for i := range rows {
		if size += len(rows[i].Raw); i == alongRows || size > alongBytes {
			return rows[:i]
		}
	}
	return rows
}

// rider returns who waits to be taken along, or nil.
func (h *DB) rider() *rider {
	select {
	case r := <-h.along:
		return r
	default:
		return nil
	}
}

// merge stores the rows in a transaction that is somebody else's: its error
// means that all of it must be undone.
func (r *rider) merge(ctx context.Context, tx *store.Tx) error {
	if r == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SAVEPOINT along`); err != nil {
		return err
	}
	r.done, r.err = merge(ctx, tx, r.feed, r.rows)
	if store.IsIO(r.err) {
		return r.err
	}
	if r.err != nil {
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO along`); err != nil {
			return errors.Join(r.err, err)
		}
	}
	_, err := tx.ExecContext(ctx, `RELEASE along`)
	return err
}

// arrive tells how the transaction ended.
func (r *rider) arrive(err error) {
	if r == nil {
		return
	}
	if err != nil {
		r.err = err
	}
	close(r.over)
}
