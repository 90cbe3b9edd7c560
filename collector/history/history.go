// Package history is history.db: every record that this server holds, how far
// each feed was provably heard, and every stretch in which it was not.
//
// Records, position, coverage, digests and counts of a batch move in one
// transaction ([DB.Commit]), so a crash leaves all of them or none. The door is
// narrow on purpose, so that another database could stand behind it: Start,
// Commit, reading, and what twins do with each other's records.
//
// A gap holds its first instant and not its last, as a [record.Span] does, and
// a session is taken to have heard its first instant and not its last: whoever
// asks the twin for a gap rather asks for an instant too many.
package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// File is the name of the database within the data directory.
const File = "history.db"

// What a caller may branch on.
var (
	// ErrUnknownFeed is returned when that feed was never configured here.
	ErrUnknownFeed = errors.New("unknown feed")
	// ErrFull is returned when the disk is full: nothing was changed, and the
	// same may be tried again once there is room.
	ErrFull = store.ErrFull
	// ErrBusy is returned when another process held the file for too long; the
	// same may be tried again.
	ErrBusy = store.ErrBusy
	// ErrFailed is returned after a write or flush error, and ever after.
	ErrFailed = store.ErrFailed
)

// DB is the open history.
type DB struct {
	db    *store.DB
	along chan *rider // what goes along with the next Commit
}

// Schema says what the file holds.
func Schema() store.Schema {
	return store.Schema{App: 0x7477_6801, PageSize: 16 << 10, Migrations: migrations}
}

// Open opens the history at path.
func Open(ctx context.Context, path string, mode store.Mode) (*DB, error) {
	db, err := store.Open(ctx, path, Schema(), mode)
	if err != nil {
		return nil, err
	}
	return &DB{db, make(chan *rider)}, nil
}

// Close closes the file.
func (h *DB) Close() error { return h.db.Close() }

// Start returns where the source of a feed goes on, and makes the feed known.
// If this server died while it listened, the gap since then begins here.
func (h *DB) Start(ctx context.Context, name string) (feed.Start, error) {
	var from feed.Start
	err := h.db.Update(ctx, func(tx *store.Tx) error {
		f, err := openFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		if f.session.Valid {
			if err := f.mark(ctx, tx, feed.Mark{What: feed.EndMark, Reason: feed.Crashed}); err != nil {
				return err
			}
		}
		from = feed.Start{Position: f.position, CoveredUntil: f.coveredUntil}
		return f.save(ctx, tx)
	})
	if err != nil {
		return feed.Start{}, fmt.Errorf("start feed %q: %w", name, err)
	}
	return from, nil
}

// feedRow is a feed's row while a transaction works on it.
type feedRow struct {
	id                            int64
	since                         record.Instant
	records, duplicates, rejected int64
	lastAt, coveredUntil          record.Instant
	position                      []byte
	session, gap                  sql.NullInt64
	incarnation                   string
	retainedFrom                  record.Instant
	tooOld, untimed               int64
	counted                       record.Instant // everything before is, but what is marked; see fold.go
}

// openFeed reads the feed's row, or makes it.
func openFeed(ctx context.Context, tx *store.Tx, name string) (*feedRow, error) {
	f, err := readFeed(ctx, tx, name)
	if !errors.Is(err, ErrUnknownFeed) {
		return f, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO feed (name, since) VALUES (?, ?)`, name, record.At(tx.Now))
	if err != nil {
		return nil, err
	}
	return readFeed(ctx, tx, name)
}

func readFeed(ctx context.Context, tx *store.Tx, name string) (*feedRow, error) {
	var f feedRow
	err := tx.QueryRowContext(ctx, `
		SELECT id, since, records, duplicates, rejected, last_at, position, covered_until, session, gap, incarnation,
		       retained_from, too_old, untimed,
		       ifnull((SELECT through FROM fold_head WHERE fold_head.feed = feed.id), 0)
		FROM feed WHERE name = ?`, name).
		Scan(&f.id, &f.since, &f.records, &f.duplicates, &f.rejected, &f.lastAt, &f.position,
			&f.coveredUntil, &f.session, &f.gap, &f.incarnation,
			&f.retainedFrom, &f.tooOld, &f.untimed, &f.counted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w %q", ErrUnknownFeed, name)
	}
	return &f, err
}

func (f *feedRow) save(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE feed SET records = ?, duplicates = ?, rejected = ?, last_at = ?, position = ?,
		       covered_until = ?, session = ?, gap = ?, incarnation = ?,
		       retained_from = ?, too_old = ?, untimed = ?
		WHERE id = ?`,
		f.records, f.duplicates, f.rejected, f.lastAt, f.position,
		f.coveredUntil, f.session, f.gap, f.incarnation,
		f.retainedFrom, f.tooOld, f.untimed, f.id)
	return err
}
