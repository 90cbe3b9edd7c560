package node

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	keptDrills  = 1000               // rows
	apartWithin = 8 * 24 * time.Hour // older than the newest one, a backup elsewhere is no second copy: a week, and a day's grace
)

// A Backup is one that this server made.
type Backup struct {
	Name   string
	Number int64
	Kind   string // full or incremental
	At     record.Instant
	Bytes  int64
	Place  string         // its destination
	Beside bool           // it lies on the disk of the data
	Sent   record.Instant // when the twin had read it back; 0: it has not got it
	Unsent string         // why it could not be sent to the twin
}

// A Drill is a restore to scratch and what came of it.
type Drill struct {
	Backup string
	At     record.Instant
	Proven bool
	Text   string // what is wrong with it
}

// Backups is how backups of this server stand. What there is none of is nil.
type Backups struct {
	Last   *Backup
	Proven *Drill // the last that proved a backup
	Failed *Drill // one after that, which did not
	Apart  bool   // one that is not much older lies on another disk than the data, or on the twin
}

// NoteBackup notes that a backup was made, and audits it.
func (n *DB) NoteBackup(ctx context.Context, b Backup, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO backup (name, number, kind, at, bytes, place, beside) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			b.Name, b.Number, b.Kind, b.At, b.Bytes, b.Place, b.Beside)
		if err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: actor, Verb: "backup." + b.Kind, Target: b.Name})
	})
	if err != nil {
		return fmt.Errorf("note a backup: %w", err)
	}
	return nil
}

// ForgetBackup notes that a backup was deleted, and audits it.
func (n *DB) ForgetBackup(ctx context.Context, name, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM backup WHERE name = ?`, name); err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: actor, Verb: "backup.prune", Target: name})
	})
	if err != nil {
		return fmt.Errorf("note that a backup was deleted: %w", err)
	}
	return nil
}

// NoteSent notes that the twin has a backup, and audits it.
func (n *DB) NoteSent(ctx context.Context, name, actor string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE backup SET sent = ?, unsent = '' WHERE name = ?`, record.At(tx.Now), name); err != nil {
			return err
		}
		return writeDown(ctx, tx, Act{Actor: actor, Verb: "backup.send", Target: name})
	})
	if err != nil {
		return fmt.Errorf("note that a backup was sent: %w", err)
	}
	return nil
}

// NoteUnsent notes why a backup could not be sent to the twin.
func (n *DB) NoteUnsent(ctx context.Context, name, why string) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE backup SET unsent = ? WHERE name = ? AND sent IS NULL`, why, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a backup was not sent: %w", err)
	}
	return nil
}

// LastBackupNumber returns the highest number that a backup of this server had,
// as far as it knows: also one that was made after what it was restored from.
func (n *DB) LastBackupNumber(ctx context.Context) (number int64, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `
			SELECT max(ifnull((SELECT max(number) FROM backup), 0), ifnull((SELECT max(numbered) FROM restored), 0))`).Scan(&number)
	})
	return number, err
}

// NoteDrill notes what came of a drill.
func (n *DB) NoteDrill(ctx context.Context, d Drill) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO drill (backup, at, proven, text) VALUES (?, ?, ?, ?)`, d.Backup, record.At(tx.Now), d.Proven, d.Text)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM drill WHERE id <= (SELECT max(id) FROM drill) - ?`, keptDrills)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("note a drill: %w", err)
	}
	return nil
}

// ProvenBackups returns the backups that a drill has proven, and when last.
func (n *DB) ProvenBackups(ctx context.Context) (map[string]record.Instant, error) {
	proven := map[string]record.Instant{}
	err := n.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT backup, max(at) FROM drill GROUP BY backup HAVING max(iif(proven, id, 0)) = max(id)`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var name string
			var at record.Instant
			if err := rows.Scan(&name, &at); err != nil {
				return err
			}
			proven[name] = at
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read which backups are proven: %w", err)
	}
	return proven, nil
}

// Backups returns how backups of this server stand.
func (n *DB) Backups(ctx context.Context) (all Backups, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		var b Backup
		err := tx.QueryRowContext(ctx, `SELECT name, number, kind, at, bytes, place, beside, ifnull(sent, 0), unsent FROM backup ORDER BY number DESC LIMIT 1`).
			Scan(&b.Name, &b.Number, &b.Kind, &b.At, &b.Bytes, &b.Place, &b.Beside, &b.Sent, &b.Unsent)
		if err == nil {
			all.Last = &b
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := tx.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM backup WHERE (NOT beside OR sent IS NOT NULL) AND at >= (SELECT max(at) FROM backup) - ?)`,
			int64(apartWithin/time.Microsecond)).Scan(&all.Apart); err != nil {
			return err
		}
		if all.Proven, err = readDrill(ctx, tx, `SELECT backup, at, proven, text FROM drill WHERE proven ORDER BY id DESC LIMIT 1`); err != nil {
			return err
		}
		all.Failed, err = readDrill(ctx, tx, `SELECT backup, at, proven, text FROM drill WHERE id = (SELECT max(id) FROM drill) AND NOT proven`)
		return err
	})
	if err != nil {
		return all, fmt.Errorf("read how backups stand: %w", err)
	}
	return all, nil
}

func readDrill(ctx context.Context, tx *store.Tx, query string) (*Drill, error) {
	var d Drill
	err := tx.QueryRowContext(ctx, query).Scan(&d.Backup, &d.At, &d.Proven, &d.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is none
	}
	return &d, err
}

// A Restored is a restore of this server.
type Restored struct {
	Mark   string // random
	Backup string
	Taken  record.Instant // when the backup was made
	At     record.Instant
	Actor  string

	Numbered int64 // the highest number of a backup that lay beside it; not read back
}

// Restore notes that this file came from a backup, and holds the server until
// it is let rejoin. seen is the highest epoch that is known of: it is not lost
// with the files that were there before.
func (n *DB) Restore(ctx context.Context, r Restored, seen int64) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		now := record.At(tx.Now)
		if _, err := tx.ExecContext(ctx, `UPDATE restored SET ended = ? WHERE ended IS NULL`, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO restored (mark, backup, taken, at, actor, numbered) VALUES (?, ?, ?, ?, ?, ?)`,
			rand.Text(), r.Backup, r.Taken, now, r.Actor, r.Numbered)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE self SET epoch_seen = max(epoch_seen, ?)`, seen); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM activity`); err != nil { // of a process long gone
			return err
		}
		return writeDown(ctx, tx, Act{Actor: r.Actor, Verb: "backup.restore", Target: r.Backup})
	})
	if err != nil {
		return fmt.Errorf("note a restore: %w", err)
	}
	return nil
}

const heldQuery = `SELECT mark, backup, taken, at, actor FROM restored WHERE ended IS NULL ORDER BY id DESC LIMIT 1`

// Held returns the restore since which this server is held, or nil: until it is
// let rejoin it neither pushes nor runs what only a primary runs.
func (n *DB) Held(ctx context.Context) (held *Restored, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		held, err = readRestored(ctx, tx, heldQuery)
		return err
	})
	return held, err
}

// LastRestored returns the last restore of this server, over or not, or nil.
func (n *DB) LastRestored(ctx context.Context) (last *Restored, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		last, err = readRestored(ctx, tx, `SELECT mark, backup, taken, at, actor FROM restored ORDER BY id DESC LIMIT 1`)
		return err
	})
	return last, err
}

func readRestored(ctx context.Context, tx *store.Tx, query string) (*Restored, error) {
	var r Restored
	err := tx.QueryRowContext(ctx, query).Scan(&r.Mark, &r.Backup, &r.Taken, &r.At, &r.Actor)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read what was restored: %w", err)
	}
	return &r, nil
}

// Snapshot writes a copy of the file to path, which must not exist; see
// store.DB.
func (n *DB) Snapshot(ctx context.Context, path string) error { return n.db.Snapshot(ctx, path) }
