package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	rowsPerStatement  = 100  // measured: more gains nothing
	rowsPerRemainder  = 10   // for what is left over
	quarantinePerFeed = 1000 // rejected frames that are kept
	shownOfDuplicate  = 256  // bytes
)

// An Origin is where a record came from.
type Origin int

// The origins.
const (
	FromFeed Origin = 0 // heard here, as the upstream said it
	FromTwin Origin = 1
	FromFile Origin = 2 // somebody had kept it, and imported it
)

// String names the origin as exports do.
func (o Origin) String() string {
	switch o {
	case FromTwin:
		return "twin"
	case FromFile:
		return "file"
	case FromFeed:
	}
	return "feed"
}

// A Batch is what is stored together for one feed.
type Batch struct {
	Feed   string
	Kind   int // feed.Kind.Code
	Origin Origin
	feed.Batch
}

// An Outcome says what became of records. TooOld are those of a time that is
// kept no more: stored again they would undo a drop, so they are counted and
// let go.
type Outcome struct {
	Added, Duplicates, TooOld int
	Again                     string // the beginning of the first duplicate that came from the feed
	Seq                       int64  // where the batch's snapshot belongs: behind that record; 0 without one
}

// Commit stores the batches in one transaction. When it returns nil all of it
// is on disk; after an error nothing is, and the same batches may be given
// again unless the error is store.ErrFailed. A record that is there already is
// counted as a duplicate. Records that MergeAlong has waiting go along.
func (h *DB) Commit(ctx context.Context, batches []Batch) ([]Outcome, error) {
	outcomes := make([]Outcome, len(batches))
	rider := h.rider()
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		for i, b := range batches {
			done, err := commitOne(ctx, tx, b)
			if err != nil {
				return fmt.Errorf("feed %q: %w", b.Feed, err)
			}
			outcomes[i] = done
		}
		return rider.merge(ctx, tx)
	})
	rider.arrive(err)
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

func commitOne(ctx context.Context, tx *store.Tx, b Batch) (Outcome, error) {
	f, err := openFeed(ctx, tx, b.Feed)
	if err != nil {
		return Outcome{}, err
	}
	in := f.inserter(tx, b.Kind, b.Origin)
	kept := f.kept(b.Records)
	if err := in.insert(ctx, kept); err != nil {
		return Outcome{}, err
	}
	if err := f.markLate(ctx, tx, in.late); err != nil {
		return Outcome{}, fmt.Errorf("mark what is to be counted anew: %w", err)
	}
	for _, m := range b.Marks {
		if err := f.mark(ctx, tx, m); err != nil {
			return Outcome{}, fmt.Errorf("coverage: %w", err)
		}
	}
	if err := quarantine(ctx, tx, f.id, b.Quarantine); err != nil {
		return Outcome{}, fmt.Errorf("quarantine: %w", err)
	}
	done := Outcome{Added: in.added, Duplicates: len(kept) - in.added, TooOld: len(b.Records) - len(kept), Again: in.again}
	if b.Snapshot != nil {
		if done.Seq, err = placeOfSnapshot(ctx, tx, b); err != nil {
			return Outcome{}, fmt.Errorf("place of a snapshot: %w", err)
		}
	}
	f.records += int64(done.Added)
	f.untimed += int64(in.untimed)
	f.duplicates += int64(done.Duplicates)
	f.tooOld += int64(done.TooOld)
	f.rejected += int64(b.Rejected)
	f.lastAt = max(f.lastAt, in.newest)
	if b.Position != nil {
		f.position = b.Position
	}
	return done, f.save(ctx, tx)
}

// kept returns the records of the time that is kept. As a rule that is all of
// them, and nothing is copied.
func (f *feedRow) kept(records []record.Record) []record.Record {
	tooOld := func(r record.Record) bool { return r.At < f.retainedFrom }
	if f.retainedFrom == 0 || !slices.ContainsFunc(records, tooOld) {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), tooOld)
}

func quarantine(ctx context.Context, tx *store.Tx, feedID int64, heads []feed.Rejection) error {
	if len(heads) == 0 {
		return nil
	}
	for _, r := range heads {
		_, err := tx.ExecContext(ctx, `INSERT INTO quarantine (feed, at, reason, text, head) VALUES (?, ?, ?, ?, ?)`,
			feedID, r.At, r.Reason, r.Text, blob(r.Head))
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM quarantine WHERE feed = ?1 AND id <=
		  (SELECT id FROM quarantine WHERE feed = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
		feedID, quarantinePerFeed)
	return err
}
