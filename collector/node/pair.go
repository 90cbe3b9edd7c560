package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// A Pair is what this server was told, by a person, of the other one.
type Pair struct {
	Pair      string // of the two together: the same on both
	Server    string // the twin's own, for ever
	Name      string
	Address   string // of its SSH: user@host:port
	PublicKey string // it logs in here with this one, as in authorized_keys
	HostKey   string // it shows this one when we log in there
	Accepted  record.Instant
	Actor     string // who accepted it
}

// A Pairing is what SetPair writes.
type Pairing struct {
	Pair  Pair  // Accepted and Actor are filled in
	Epoch int64 // of this server from now on
	Seen  int64 // the highest epoch that it ever heard of from now on
	Act   Act   // for the audit
}

// Pair returns the other server, nil while this one is alone.
func (n *DB) Pair(ctx context.Context) (pair *Pair, err error) {
	err = n.db.View(ctx, func(tx *store.Tx) error {
		pair, err = readPair(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read pair: %w", err)
	}
	return pair, nil
}

func readPair(ctx context.Context, tx *store.Tx) (*Pair, error) {
	var p Pair
	err := tx.QueryRowContext(ctx, `
		SELECT pair, server, name, address, public_key, host_key, accepted, actor FROM pair`).
		Scan(&p.Pair, &p.Server, &p.Name, &p.Address, &p.PublicKey, &p.HostKey, &p.Accepted, &p.Actor)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // alone
	}
	return &p, err
}

// SetPair writes down the other server and what this one's epochs become, and
// audits it, in one transaction. What is written decide says, which is given
// what stands there now (have is nil while this server is alone) and may
// refuse; an epoch above MaxTold, of which the twin could not be told, is
// ErrEpoch. What another server than this one told is forgotten.
func (n *DB) SetPair(ctx context.Context, decide func(self Self, have *Pair) (Pairing, error)) error {
	return n.db.Update(ctx, func(tx *store.Tx) error {
		self, err := readSelf(ctx, tx)
		if err != nil {
			return err
		}
		have, err := readPair(ctx, tx)
		if err != nil {
			return err
		}
		p, err := decide(self, have)
		if err != nil {
			return err
		}
		if most := max(p.Epoch, p.Seen); most > MaxTold {
			return fmt.Errorf("%w: %d", ErrEpoch, most)
		}
		if have != nil && have.Server != p.Pair.Server {
			if err := forget(ctx, tx); err != nil {
				return err
			}
		}
		return writePairing(ctx, tx, p)
	})
}

func writePairing(ctx context.Context, tx *store.Tx, p Pairing) error {
	_, err := tx.ExecContext(ctx, `
		INSERT OR REPLACE INTO pair (id, pair, server, name, address, public_key, host_key, accepted, actor)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Pair.Pair, p.Pair.Server, p.Pair.Name, p.Pair.Address, p.Pair.PublicKey, p.Pair.HostKey, record.At(tx.Now), p.Act.Actor)
	if err != nil {
		return fmt.Errorf("write pair: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE self SET epoch = ?, epoch_seen = ?`, p.Epoch, p.Seen)
	if err != nil {
		return fmt.Errorf("write epoch: %w", err)
	}
	return writeDown(ctx, tx, p.Act)
}

// RemovePair makes this server one that is alone and audits that. It returns
// whom it knew, nil if it was alone already: then nothing was written.
func (n *DB) RemovePair(ctx context.Context, act Act) (had *Pair, err error) {
	err = n.db.Update(ctx, func(tx *store.Tx) error {
		had, err = readPair(ctx, tx)
		if err != nil || had == nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM pair`); err != nil {
			return err
		}
		if err := forget(ctx, tx); err != nil {
			return err
		}
		return writeDown(ctx, tx, act)
	})
	if err != nil {
		return nil, fmt.Errorf("remove pair: %w", err)
	}
	return had, nil
}

// A Direction is the way in which the twin was heard.
type Direction string

// The directions.
const (
	In  Direction = "in"  // it asked us
	Out Direction = "out" // it answered us
)

// A Heard is what the twin told last.
type Heard struct {
	At    record.Instant  // by our clock
	Ahead time.Duration   // its clock less ours
	Doc   json.RawMessage // what it said of itself
	Head  Head            // of its audit
	Runs  *RunPage        // what it told of its runs; nil: nothing, and Heard returns none
}

// SetHeard notes what the twin told just now, its runs too, in one transaction;
// At is filled in. While this server is alone it notes nothing.
func (n *DB) SetHeard(ctx context.Context, way Direction, h Heard) error {
	err := n.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT OR REPLACE INTO heard (direction, at, ahead, doc, head_id, head_hash)
			SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM pair)`,
			way, record.At(tx.Now), h.Ahead.Microseconds(), string(h.Doc), h.Head.ID, h.Head.Hash[:])
		if err != nil || h.Runs == nil {
			return err
		}
		return keepTwinRuns(ctx, tx, *h.Runs)
	})
	if err != nil {
		return fmt.Errorf("note what the twin told: %w", err)
	}
	return nil
}

// Heard returns what the twin told last in one direction, nil if nothing.
func (n *DB) Heard(ctx context.Context, way Direction) (*Heard, error) {
	var h Heard
	var doc string
	var hash []byte
	var ahead int64
	err := n.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT at, ahead, doc, head_id, head_hash FROM heard WHERE direction = ?`, way).
			Scan(&h.At, &ahead, &doc, &h.Head.ID, &hash)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // it told nothing
	}
	if err == nil {
		h.Head.Hash, err = audit.HashFrom(hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read what the twin told: %w", err)
	}
	h.Ahead, h.Doc = time.Duration(ahead)*time.Microsecond, json.RawMessage(doc)
	return &h, nil
}

// forget drops what a twin told that is none any longer.
func forget(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM heard; DELETE FROM run_told`)
	return err
}
