package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// maxSlots bounds the memory that one question costs, whoever asks it.
const maxSlots = 1 << 20

// ErrTooWide is returned when an answer would have more slots than anybody
// can want: ask for a shorter stretch, or for wider slots.
var ErrTooWide = errors.New("more than 1,048,576 slots")

// A Slot is what the history holds of a stretch whose width the asker knows.
type Slot struct {
	Start record.Instant `json:"start"`
	record.Tally
}

// Tallies returns the slots of that width that hold any records of the span,
// in order. Records without time do not count. Slots begin at multiples of the width since 1970; of one that the
// span cuts, only what lies within the span counts. The width is either a
// multiple of record.BucketWidth, and then nearly all is read from the buckets,
// or smaller than that, and then the keys of the whole span are read: keep it
// short.
func (h *DB) Tallies(ctx context.Context, name string, span record.Span, width time.Duration) ([]Slot, error) {
	w := record.Instant(width.Microseconds())
	if w <= 0 || w > record.BucketWidth && w%record.BucketWidth != 0 {
		return nil, fmt.Errorf("tally records of %q: width %s: want at least 1µs, and above 5m a multiple of it", name, width)
	}
	s := slots{width: w}
	err := h.db.View(ctx, func(tx *store.Tx) error {
		f, err := readFeed(ctx, tx, name)
		if err != nil {
			return err
		}
		return s.read(ctx, tx, f, f.retained(span))
	})
	if err != nil {
		return nil, fmt.Errorf("tally records of %q: %w", name, err)
	}
	return s.all, nil
}

// retained returns the part of the span whose records are kept. What lies
// before may be there still while it is being dropped, but no longer counts.
func (f *feedRow) retained(span record.Span) record.Span {
	return record.Span{From: max(span.From, f.retainedFrom), To: span.To}
}

// slots grow in order of time.
type slots struct {
	width record.Instant
	all   []Slot
}

// read adds the records of the span: from the buckets where whole ones lie in
// it and the slots are no finer, else by key.
func (s *slots) read(ctx context.Context, tx *store.Tx, f *feedRow, span record.Span) error {
	whole := record.Span{From: record.Bucket(span.From), To: record.Bucket(span.To)}
	if whole.From < span.From {
		whole.From += record.BucketWidth
	}
	if s.width < record.BucketWidth || whole.Empty() {
		return s.keys(ctx, tx, f, span)
	}
	if err := s.keys(ctx, tx, f, record.Span{From: span.From, To: whole.From}); err != nil {
		return err
	}
	if err := s.buckets(ctx, tx, f, whole); err != nil {
		return err
	}
	return s.keys(ctx, tx, f, record.Span{From: whole.To, To: span.To})
}

func (s *slots) buckets(ctx context.Context, tx *store.Tx, f *feedRow, span record.Span) error {
	rows, err := tx.QueryContext(ctx, `
		SELECT start, count, sum FROM bucket WHERE feed = ? AND start >= ? AND start < ? ORDER BY start`,
		f.id, span.From, span.To)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var at record.Instant
		var t record.Tally
		var sum []byte
		if err := rows.Scan(&at, &t.Count, &sum); err != nil {
			return err
		}
		if t.Sum, err = readSum(sum); err != nil {
			return err
		}
		if err := s.add(at, t); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *slots) keys(ctx context.Context, tx *store.Tx, f *feedRow, span record.Span) error {
	if span.Empty() {
		return nil
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT at, digest FROM record WHERE feed = ? AND at >= ? AND at < ? AND n < ? ORDER BY at`,
		f.id, span.From, span.To, int64(record.Untimed))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var at record.Instant
		var digest []byte
		if err := rows.Scan(&at, &digest); err != nil {
			return err
		}
		d, err := readDigest(digest)
		if err != nil {
			return err
		}
		if err := s.add(at, record.Tally{}.Add(d)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// add adds t to the slot that at lies in: the last one, or one behind it.
func (s *slots) add(at record.Instant, t record.Tally) error {
	start := at - at%s.width
	if at < start {
		start -= s.width
	}
	if n := len(s.all); n > 0 && s.all[n-1].Start == start {
		s.all[n-1].Tally = s.all[n-1].Plus(t)
		return nil
	}
	if len(s.all) == maxSlots {
		return ErrTooWide
	}
	if t != (record.Tally{}) {
		s.all = append(s.all, Slot{start, t})
	}
	return nil
}

// readTally reads a row of count and sum.
func readTally(row interface{ Scan(into ...any) error }) (record.Tally, error) {
	var t record.Tally
	var sum []byte
	if err := row.Scan(&t.Count, &sum); err != nil {
		return record.Tally{}, err
	}
	s, err := readSum(sum)
	return record.Tally{Count: t.Count, Sum: s}, err
}

func readSum(b []byte) (record.Sum, error) {
	if len(b) != 16 {
		return record.Sum{}, fmt.Errorf("%w: a sum of %d bytes", store.ErrCorrupt, len(b))
	}
	return record.SumFrom([16]byte(b)), nil
}

func readDigest(b []byte) (record.Digest, error) {
	if len(b) != len(record.Digest{}) {
		return record.Digest{}, fmt.Errorf("%w: a digest of %d bytes", store.ErrCorrupt, len(b))
	}
	return record.Digest(b), nil
}
