package history

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// What one short transaction reads at the most: a long one would hold up
// checkpoints, and the log would grow for as long. One row may be larger.
const (
	pageRows  = 5000
	pageBytes = 4 << 20
)

// A Row is a record as it is stored.
type Row struct {
	record.Record
	Seq    int64 // arrival order on this server
	Kind   int
	Origin Origin
}

// A Range is a stretch of one feed's upstream time: From is in it, To is not.
// Zero leaves that side open.
type Range struct {
	Feed     string
	From, To record.Instant
}

const maxInstant = record.Instant(1<<63 - 1)

// always is a span that every record lies in.
var always = record.Span{From: -1 << 62, To: maxInstant}

// beforeAll returns what lies before every key of that time or later.
func beforeAll(at record.Instant) record.Key {
	k := record.Key{At: at - 1, N: math.MaxUint32}
	for i := range k.Digest {
		k.Digest[i] = 0xff
	}
	return k
}

// Records yields the records of a range in key order, in memory that does not
// depend on how many there are. Records that are stored while it runs may be
// missed. An error is the last thing that it yields: a [*DamagedError] in the
// place of a record that no longer fits its digest.
func (h *DB) Records(ctx context.Context, r Range) iter.Seq2[Row, error] {
	to := r.To
	if to == 0 {
		to = maxInstant
	}
	first := Row{Record: record.Record{Key: beforeAll(r.From)}}
	return pages(first, func(last Row) ([]Row, error) {
		return h.page(ctx, r.Feed, `
			SELECT seq, at, digest, n, kind, origin, raw FROM record
			WHERE feed = ?1 AND (at, digest, n) > (?2, ?3, ?4) AND at < ?5
			  AND at >= (SELECT retained_from FROM feed WHERE id = ?1)
			ORDER BY at, digest, n LIMIT ?6`, last.At, last.Digest[:], int64(last.N), to)
	})
}

// Arrivals yields the records of a feed that were stored after seq, in arrival
// order, up to the latest. Its errors are those of Records.
func (h *DB) Arrivals(ctx context.Context, name string, seq int64) iter.Seq2[Row, error] {
	return h.arrivals(ctx, name, seq, math.MaxInt64, anyOrigin)
}

// OwnArrivals yields those of Arrivals, up to end, that were heard here: what the twin
// or a file brought was said earlier.
func (h *DB) OwnArrivals(ctx context.Context, name string, seq, end int64) iter.Seq2[Row, error] {
	return h.arrivals(ctx, name, seq, end, int64(FromFeed))
}

// anyOrigin stands for all of them in a query.
const anyOrigin = -1

func (h *DB) arrivals(ctx context.Context, name string, seq, end, of int64) iter.Seq2[Row, error] {
	return pages(Row{Seq: seq}, func(last Row) ([]Row, error) {
		return h.page(ctx, name, `
			SELECT seq, at, digest, n, kind, origin, raw FROM record NOT INDEXED
			WHERE feed = ?1 AND seq > ?2 AND seq <= ?3 AND ?4 IN (-1, origin)
			  AND at >= (SELECT retained_from FROM feed WHERE id = ?1)
			ORDER BY seq LIMIT ?5`, last.Seq, end, of)
	})
}

// SeqBefore returns the sequence number before the first one that was stored
// for a record of time at or later: from there on Arrivals yields all of them.
func (h *DB) SeqBefore(ctx context.Context, name string, at record.Instant) (int64, error) {
	return h.seq(ctx, name, `
		SELECT coalesce(
		  (SELECT min(seq) - 1 FROM record INDEXED BY record_key WHERE feed = ? AND at >= ?),
		  (SELECT max(seq) FROM record), 0)`, at)
}

// SeqOfLast returns the sequence number behind which Arrivals yields the last
// n records of a feed.
func (h *DB) SeqOfLast(ctx context.Context, name string, n int) (int64, error) {
	return h.seqOfLast(ctx, name, 0, anyOrigin, n)
}

// SeqOfLastOwn returns the sequence number behind which OwnArrivals yields the last
// n records, but none before seq.
func (h *DB) SeqOfLastOwn(ctx context.Context, name string, seq int64, n int) (int64, error) {
	return h.seqOfLast(ctx, name, seq, int64(FromFeed), n)
}

func (h *DB) seqOfLast(ctx context.Context, name string, seq, of int64, n int) (int64, error) {
	return h.seq(ctx, name, `
		SELECT coalesce(
		  (SELECT min(seq) - 1 FROM (
		    SELECT seq FROM record NOT INDEXED
		    WHERE feed = ?1 AND seq > ?2 AND ?3 IN (-1, origin) ORDER BY seq DESC LIMIT ?4)),
		  (SELECT max(seq) FROM record), 0)`, seq, of, n)
}

// SeqOfAll returns the sequence number of the last record of all feeds.
func (h *DB) SeqOfAll(ctx context.Context) (seq int64, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record`).Scan(&seq)
	})
	return seq, err
}

// seq runs a query for a place in a feed's records. It falls back on the end
// of the same snapshot, so that nothing that comes later is passed over.
func (h *DB) seq(ctx context.Context, name, query string, args ...any) (seq int64, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, query, append([]any{f.id}, args...)...).Scan(&seq)
	})
	if err != nil {
		return 0, fmt.Errorf("find a place in the records of %q: %w", name, err)
	}
	return seq, nil
}

// Watch calls changed whenever another process changed the history, and once
// at the start, until ctx ends.
func (h *DB) Watch(ctx context.Context, interval time.Duration, changed func(context.Context) error) error {
	return h.db.Watch(ctx, interval, changed)
}

// pages yields the rows of one page after the other, each from behind the last
// row of the one before, until one is empty.
func pages(first Row, next func(last Row) ([]Row, error)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for last := first; ; {
			rows, err := next(last)
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if len(rows) == 0 {
				return
			}
			last = rows[len(rows)-1]
		}
	}
}

// page runs a query whose first argument is the feed's id and whose last one
// is the number of rows.
func (h *DB) page(ctx context.Context, name, query string, args ...any) (rows []Row, err error) {
	err = h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		args := append(append([]any{f.id}, args...), pageRows)
		found, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		rows, err = scanSound(found, name, pageBytes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read records of %q: %w", name, err)
	}
	return rows, nil
}

func scanRow(found *sql.Rows) (Row, error) {
	var r Row
	var digest []byte
	if err := found.Scan(&r.Seq, &r.At, &digest, &r.N, &r.Kind, &r.Origin, &r.Raw); err != nil {
		return Row{}, err
	}
	if len(digest) != len(r.Digest) {
		return Row{}, fmt.Errorf("%w: record %d has a digest of %d bytes", store.ErrCorrupt, r.Seq, len(digest))
	}
	r.Digest = record.Digest(digest)
	return r, nil
}
