package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// ErrDamaged is returned when stored bytes no longer fit their digest: the
// disk, or somebody, changed them. It comes in a [*DamagedError].
var ErrDamaged = errors.New("stored record is damaged")

// A DamagedError names the record that is damaged. Errors.Is finds ErrDamaged
// in it.
type DamagedError struct {
	Feed string
	Key  record.Key // what the record was
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("feed %q: %v: %s digest %s ordinal %d", e.Feed, ErrDamaged, e.Key.At, e.Key.Digest, e.Key.N)
}

// Unwrap returns ErrDamaged.
func (e *DamagedError) Unwrap() error { return ErrDamaged }

// Keys returns the first keys of a span, in order, at most limit of them: of
// those records that the twin may have too.
func (h *DB) Keys(ctx context.Context, name string, span record.Span, limit int) ([]record.Key, error) {
	var keys []record.Key
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		span := f.retained(span)
		rows, err := tx.QueryContext(ctx, `
			SELECT at, digest, n FROM record WHERE feed = ? AND at >= ? AND at < ? AND n < ?
			ORDER BY at, digest, n LIMIT ?`, f.id, span.From, span.To, int64(record.Untimed), max(limit, 0))
		if err != nil {
			return err
		}
		keys, err = scanKeys(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list keys of %q: %w", name, err)
	}
	return keys, nil
}

func scanKeys(rows *sql.Rows) ([]record.Key, error) {
	defer rows.Close() //nolint:errcheck // Err tells
	var keys []record.Key
	for rows.Next() {
		var k record.Key
		var digest []byte
		if err := rows.Scan(&k.At, &digest, &k.N); err != nil {
			return nil, err
		}
		d, err := readDigest(digest)
		if err != nil {
			return nil, err
		}
		k.Digest = d
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// Page returns records of a span in key order: those behind after, or from the
// span's start if that is nil. It ends where the raw bytes would become more
// than maxBytes, but returns one row at least if there is one; no rows means
// that there are none.
//
// Each record is held against its digest, because damage must not travel. A
// page ends before a damaged record; one that would begin with it is a
// [*DamagedError]. Whoever wants the rest goes on behind its key.
func (h *DB) Page(ctx context.Context, name string, span record.Span, after *record.Key, maxBytes int) ([]Row, error) {
	return h.pageOf(ctx, name, pageOf{span, after, maxBytes, math.MaxUint32})
}

// SharedPage is Page of those records that the twin may have too: of all but
// those without time.
func (h *DB) SharedPage(ctx context.Context, name string, span record.Span, after *record.Key, maxBytes int) ([]Row, error) {
	return h.pageOf(ctx, name, pageOf{span, after, maxBytes, record.Untimed - 1})
}

// A pageOf is what a page is asked of.
type pageOf struct {
	span     record.Span
	after    *record.Key
	maxBytes int
	most     int64 // the highest ordinal
}

func (h *DB) pageOf(ctx context.Context, name string, s pageOf) ([]Row, error) {
	var rows []Row
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		span := f.retained(s.span)
		last := beforeAll(span.From)
		if s.after != nil && s.after.Compare(last) > 0 {
			last = *s.after
		}
		found, err := tx.QueryContext(ctx, `
			SELECT seq, at, digest, n, kind, origin, raw FROM record
			WHERE feed = ?1 AND (at, digest, n) > (?2, ?3, ?4) AND at < ?5 AND n <= ?7
			ORDER BY at, digest, n LIMIT ?6`, f.id, last.At, last.Digest[:], int64(last.N), span.To, pageRows, s.most)
		if err != nil {
			return err
		}
		rows, err = scanSound(found, name, s.maxBytes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read records of %q: %w", name, err)
	}
	return rows, nil
}

// Walk calls each with records of a span in key order: those behind after, or
// from the span's start if that is nil. raw holds within the call only. It ends
// with the page, or when each returns false, and returns the key of the last
// record that each was called with, nil if there was none. Damage ends it as it
// ends a Page. It is one transaction: each must be quick.
func (h *DB) Walk(ctx context.Context, name string, span record.Span, after *record.Key, each func(at record.Instant, raw []byte) bool) (*record.Key, error) {
	var last *record.Key
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		span := f.retained(span)
		from := beforeAll(span.From)
		if after != nil && after.Compare(from) > 0 {
			from = *after
		}
		found, err := tx.QueryContext(ctx, `
			SELECT at, digest, n, raw FROM record
			WHERE feed = ?1 AND (at, digest, n) > (?2, ?3, ?4) AND at < ?5
			ORDER BY at, digest, n LIMIT ?6`, f.id, from.At, from.Digest[:], int64(from.N), span.To, pageRows)
		if err != nil {
			return err
		}
		last, err = walkSound(found, name, each)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read records of %q: %w", name, err)
	}
	return last, nil
}

// walkSound calls each up to the first row that is damaged.
func walkSound(found *sql.Rows, name string, each func(record.Instant, []byte) bool) (last *record.Key, err error) {
	defer found.Close() //nolint:errcheck // Err tells
	var at, n int64     // of types that are scanned without a detour
	var digest, raw sql.RawBytes
	var k record.Key
	for found.Next() {
		if err := found.Scan(&at, &digest, &n, &raw); err != nil {
			return nil, err
		}
		d, err := readDigest(digest)
		if err != nil {
			return nil, err
		}
		is := record.Key{At: record.Instant(at), Digest: d, N: uint32(n)}
		if record.DigestOf(raw) != d {
			if last == nil {
				return nil, &DamagedError{name, is}
			}
			break
		}
		k, last = is, &k
		if !each(k.At, raw) {
			break
		}
	}
	return last, found.Err()
}

// scanSound reads rows up to the first that is damaged or one too many.
func scanSound(found *sql.Rows, name string, maxBytes int) ([]Row, error) {
	defer found.Close() //nolint:errcheck // Err tells
	var rows []Row
	size := 0
	for found.Next() {
		r, err := scanRow(found)
		if err != nil {
			return nil, err
		}
		if size += len(r.Raw); size > maxBytes && len(rows) > 0 {
			break
		}
		if record.DigestOf(r.Raw) != r.Digest {
			if len(rows) == 0 {
				return nil, &DamagedError{name, r.Key}
			}
			break
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}
