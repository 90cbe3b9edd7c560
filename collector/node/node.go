// Package node is node.db: who this server is, what it is doing, what it was
// asked, and what went wrong. twind, twinctl and the screens share the file;
// it is the interface between them.
package node

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// File is the name of the database within the data directory.
const File = "node.db"

// app marks the file as ours.
const app = 0x7477_6e01

// What a caller may branch on.
var (
	// ErrNotInitialized is returned when this server has no identity yet.
	ErrNotInitialized = errors.New("this server is not initialized")
	// ErrInitialized is returned by Init when it has one.
	ErrInitialized = errors.New("this server is initialized already")
)

// A Role is what a server is to its twin.
type Role string

// The roles.
const (
	Primary   Role = "primary"   // people administer here, and every timetable runs here
	Secondary Role = "secondary" // collects just as much, ready to take over
)

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Primary, Secondary:
		return r, nil
	}
	return "", fmt.Errorf("role %q: want primary or secondary", s)
}

// Self is who this server is.
type Self struct {
	Server    string // random, for ever
	Name      string
	Role      Role
	Epoch     int64 // of this server's own last change of role
	EpochSeen int64 // the highest that it ever heard of
	Since     record.Instant

	// Slots of what only a primary runs are its own after OwnsFrom, up to
	// OwnsUntil; 0: it never was primary, or it is.
	OwnsFrom, OwnsUntil record.Instant

	DrainingFor   string // the runbook that moves its role; "": none does
	DrainingUntil record.Instant
	// A person said then that it is the primary in that epoch; 0: nobody did.
	ConfirmedEpoch int64
	ConfirmedAt    record.Instant
}

// DB is the open file.
type DB struct{ db *store.DB }

// Schema says what the file holds.
func Schema() store.Schema { return store.Schema{App: app, Migrations: migrations} }

// Open opens the file at path.
func Open(ctx context.Context, path string, mode store.Mode) (*DB, error) {
	db, err := store.Open(ctx, path, Schema(), mode)
	if err != nil {
		return nil, err
	}
	return &DB{db}, nil
}

// By has this server go by a clock that differs from the machine's, as its twin's
// does; only before anything else is done with the file.
func (n *DB) By(clock func() time.Time) { n.db.By(clock) }

// Close closes the file.
func (n *DB) Close() error { return n.db.Close() }

// Init gives this server its identity. The one that is made primary takes odd
// epochs for ever, the other even ones, so that theirs can never be the same.
func (n *DB) Init(ctx context.Context, name string, role Role) error {
	epoch := int64(1)
	if role == Secondary {
		epoch = 0
	}
	return n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err == nil {
			return fmt.Errorf("%w: as %q, %s", ErrInitialized, self.Name, self.Role)
		}
		if !errors.Is(err, ErrNotInitialized) {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO self (id, server, name, role, epoch, epoch_seen, since, owns_from)
			VALUES (1, ?1, ?2, ?3, ?4, ?4, ?5, iif(?3 = 'primary', ?5, NULL))`,
			rand.Text(), name, role, epoch, record.At(tx.Now))
		return err
	})
}

// Self returns who this server is.
func (n *DB) Self(ctx context.Context) (self Self, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		self, err = readSelf(ctx, tx)
		return err
	})
	return self, err
}

func readSelf(ctx context.Context, tx *store.Tx) (Self, error) {
	var s Self
	err := tx.QueryRowContext(ctx, `
		SELECT server, name, role, epoch, epoch_seen, since, coalesce(owns_from, 0), coalesce(owns_until, 0),
			draining_for, draining_until, confirmed_epoch, confirmed_at FROM self`).
		Scan(&s.Server, &s.Name, &s.Role, &s.Epoch, &s.EpochSeen, &s.Since, &s.OwnsFrom, &s.OwnsUntil,
			&s.DrainingFor, &s.DrainingUntil, &s.ConfirmedEpoch, &s.ConfirmedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNotInitialized
	}
	return s, err
}

// Activity is what the running server said last.
type Activity struct {
	PID         int
	Started, At record.Instant
	Doc         []byte // JSON
}

// SetActivity says what this server is doing.
func (n *DB) SetActivity(ctx context.Context, a Activity) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO activity (id, pid, started, at, doc) VALUES (1, ?, ?, ?, ?)`,
			a.PID, a.Started, record.At(tx.Now), string(a.Doc))
		return err
	})
}

// Activity returns what SetActivity said last, the zero Activity if nothing.
func (n *DB) Activity(ctx context.Context) (a Activity, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT pid, started, at, doc FROM activity`).Scan(&a.PID, &a.Started, &a.At, &a.Doc)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return a, err
}

// SetPaused notes that a feed was paused, or that it is no longer, and audits
// what that changes.
func (n *DB) SetPaused(ctx context.Context, feed, actor string, paused bool) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		verb, query, args := "feed.resume", `DELETE FROM paused WHERE feed = ?`, []any{feed}
		if paused {
			verb, query = "feed.pause", `INSERT OR IGNORE INTO paused (feed, actor, at) VALUES (?, ?, ?)`
			args = []any{feed, actor, record.At(tx.Now)}
		}
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if rows, err := res.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: actor, Verb: verb, Target: feed})
	})
}

// Paused returns the feeds that are paused, each with who paused it.
func (n *DB) Paused(ctx context.Context) (map[string]string, error) {
	paused := map[string]string{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT feed, actor FROM paused`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var feed, actor string
			if err := rows.Scan(&feed, &actor); err != nil {
				return err
			}
			paused[feed] = actor
		}
		return rows.Err()
	})
	return paused, err
}

// Watch calls changed whenever another process changed the file, and once at
// the start, until ctx ends.
func (n *DB) Watch(ctx context.Context, interval time.Duration, changed func(context.Context) error) error {
	return n.db.Watch(ctx, interval, changed)
}
