package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	verifyStretch = record.Hour // whose keys one transaction of Verify reads
	maxFaults     = 10_000      // of each sort that Verify names
)

// A Progress says how far a long walk over a feed has come, in records. Total
// is what was there when it began.
type Progress struct{ Done, Total int64 }

// A Verdict is what Verify found. Damaged and Buckets name the first 10,000 of
// each; after healing those, verify again.
type Verdict struct {
	Records int64         // looked at
	Damaged []record.Key  // of records whose bytes do not fit: see Heal
	Buckets []record.Span // five minutes whose records were not what was counted: see Recount
}

// Sound tells whether nothing was found.
func (v Verdict) Sound() bool { return len(v.Damaged) == 0 && len(v.Buckets) == 0 }

// Verify holds every record of a feed against its digest, and every bucket
// against the records. It tells report of each page. It reads in short
// transactions and may run while the feed is collected.
func (h *DB) Verify(ctx context.Context, name string, report func(Progress)) (Verdict, error) {
	var v Verdict
	e, err := h.Extent(ctx, name)
	if err == nil {
		err = h.verifyRecords(ctx, name, &v, func() { report(Progress{v.Records, e.Records}) })
	}
	if err == nil {
		err = h.verifyBuckets(ctx, name, &v)
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("verify: %w", err)
	}
	return v, nil
}

func (h *DB) verifyRecords(ctx context.Context, name string, v *Verdict, report func()) error {
	var after *record.Key
	for len(v.Damaged) < maxFaults {
		rows, err := h.Page(ctx, name, always, after, pageBytes)
		var damaged *DamagedError
		switch {
		case errors.As(err, &damaged):
			v.Damaged = append(v.Damaged, damaged.Key)
			v.Records++
			after = &damaged.Key
		case err != nil:
			return err
		case len(rows) == 0:
			return nil
		default:
			v.Records += int64(len(rows))
			after = &rows[len(rows)-1].Key
		}
		report()
	}
	return nil
}

func (h *DB) verifyBuckets(ctx context.Context, name string, v *Verdict) error {
	for from, more := always.From, true; more && len(v.Buckets) < maxFaults; {
		err := h.db.View(ctx, func(tx *store.Tx) error {
			f, err := readFeed(ctx, tx, name)
			if err != nil {
				return err
			}
			start, err := f.nextBucket(ctx, tx, max(from, f.retainedFrom))
			if err != nil || start == maxInstant {
				more = false
				return err
			}
			wrong, err := f.wrongBuckets(ctx, tx, record.Span{From: start, To: start + verifyStretch})
			v.Buckets = append(v.Buckets, wrong...)
			from = start + verifyStretch
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nextBucket returns the start of the first bucket from at on that has a row or
// a record, or maxInstant.
func (f *feedRow) nextBucket(ctx context.Context, tx *store.Tx, at record.Instant) (record.Instant, error) {
	var counted, said record.Instant
	err := tx.QueryRowContext(ctx, `
		SELECT ifnull((SELECT min(start) FROM bucket WHERE feed = ?1 AND start >= ?2), ?3),
		       ifnull((SELECT min(at) FROM record WHERE feed = ?1 AND at >= ?2), ?3)`, f.id, at, maxInstant).
		Scan(&counted, &said)
	if said < maxInstant {
		said = record.Bucket(said)
	}
	return min(counted, said), err
}

// wrongBuckets returns the buckets of a span, which begins and ends with one,
// that do not fit the records.
func (f *feedRow) wrongBuckets(ctx context.Context, tx *store.Tx, span record.Span) ([]record.Span, error) {
	counted, said := slots{width: record.BucketWidth}, slots{width: record.BucketWidth}
	if err := counted.buckets(ctx, tx, f, span); err != nil {
		return nil, err
	}
	if err := said.keys(ctx, tx, f, span); err != nil {
		return nil, err
	}
	tallies := map[record.Instant]record.Tally{}
	for _, s := range counted.all {
		tallies[s.Start] = s.Tally
	}
	var wrong []record.Span
	for _, s := range said.all {
		if tallies[s.Start] != s.Tally {
			wrong = append(wrong, record.Span{From: s.Start, To: s.Start + record.BucketWidth})
		}
		delete(tallies, s.Start)
	}
	for start := range tallies {
		wrong = append(wrong, record.Span{From: start, To: start + record.BucketWidth})
	}
	return record.Union(wrong), nil
}
