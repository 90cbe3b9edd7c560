package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// An inserter adds records of one feed within a transaction.
type inserter struct {
	tx      *store.Tx
	feed    int64
	kind    int
	origin  Origin
	args    []any
	added   int
	untimed int // of them
	newest  record.Instant
	again   string // the beginning of the first record of the feed that was there already
	buckets map[record.Instant]record.Tally
	counted record.Instant // what comes for a time before is late
	late    late
}

func (f *feedRow) inserter(tx *store.Tx, kind int, origin Origin) inserter {
	return inserter{tx: tx, feed: f.id, kind: kind, origin: origin, counted: f.counted, buckets: map[record.Instant]record.Tally{}}
}

// insert adds the records that are not there yet, and their digests to the
// buckets.
func (in *inserter) insert(ctx context.Context, records []record.Record) error {
	for _, size := range []int{rowsPerStatement, rowsPerRemainder, 1} {
		for len(records) >= size {
			if err := in.group(ctx, records[:size]); err != nil {
				return fmt.Errorf("insert records: %w", err)
			}
			records = records[size:]
		}
	}
	for start, t := range in.buckets {
		if err := in.bucket(ctx, start, t); err != nil {
			return fmt.Errorf("bucket %s: %w", start, err)
		}
	}
	return nil
}

// group inserts a few records with one statement. As a rule all are new; only
// if one was not does it ask which, one by one. (RETURNING would tell, at half
// the speed.)
func (in *inserter) group(ctx context.Context, records []record.Record) error {
	if len(records) == 1 {
		return in.single(ctx, records[0])
	}
	if _, err := in.tx.ExecContext(ctx, `SAVEPOINT rows`); err != nil {
		return err
	}
	n, err := in.exec(ctx, records)
	if err != nil {
		return err
	}
	if n < len(records) {
		if _, err := in.tx.ExecContext(ctx, `ROLLBACK TO rows`); err != nil {
			return err
		}
	}
	if _, err := in.tx.ExecContext(ctx, `RELEASE rows`); err != nil {
		return err
	}
	for _, r := range records {
		if n == len(records) {
			in.count(r)
		} else if err := in.single(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (in *inserter) single(ctx context.Context, r record.Record) error {
	n, err := in.exec(ctx, []record.Record{r})
	switch {
	case err != nil:
		return err
	case n == 1:
		in.count(r)
	case in.again == "" && in.origin == FromFeed:
		in.again = string(r.Raw[:min(len(r.Raw), shownOfDuplicate)])
	}
	return nil
}

func (in *inserter) exec(ctx context.Context, records []record.Record) (int, error) {
	in.args = append(in.args[:0], in.feed, int64(in.kind), int64(in.origin))
	for i := range records {
		r := &records[i]
		in.args = append(in.args, int64(r.At), r.Digest[:], int64(r.N), blob(r.Raw))
	}
	res, err := in.tx.ExecContext(ctx, insertRows(len(records)), in.args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// blob returns b as a value that is not NULL: the driver takes nil for that.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (in *inserter) count(r record.Record) {
	in.added++
	in.newest = max(in.newest, r.At)
	if r.At < in.counted {
		in.late.add(r.At)
	}
	if !r.Timed() { // the twin has it at another time
		in.untimed++
		return
	}
	start := record.Bucket(r.At)
	in.buckets[start] = in.buckets[start].Add(r.Digest)
}

// bucket adds t to the bucket that begins at start.
func (in *inserter) bucket(ctx context.Context, start record.Instant, t record.Tally) error {
	have, err := readTally(in.tx.QueryRowContext(ctx,
		`SELECT count, sum FROM bucket WHERE feed = ? AND start = ?`, in.feed, start))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t = t.Plus(have)
	sum := t.Sum.Bytes()
	_, err = in.tx.ExecContext(ctx, `INSERT OR REPLACE INTO bucket (feed, start, count, sum) VALUES (?, ?, ?, ?)`,
		in.feed, start, t.Count, sum[:])
	return err
}

var (
	insertOne  = insertStatement(1)
	insertSome = insertStatement(rowsPerRemainder)
	insertMany = insertStatement(rowsPerStatement)
)

// insertStatement inserts so many rows. What all of them have in common is bound
// once: binding takes as long as a third of the insertion.
func insertStatement(rows int) string {
	var text strings.Builder
	text.WriteString(`INSERT INTO record (feed, kind, origin, at, digest, n, raw) VALUES `)
	for i := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		first := 4 + 4*i // behind feed, kind and origin
		fmt.Fprintf(&text, `(?1,?2,?3,?%d,?%d,?%d,?%d)`, first, first+1, first+2, first+3)
	}
	text.WriteString(` ON CONFLICT DO NOTHING`)
	return text.String()
}

func insertRows(n int) string {
	switch n {
	case rowsPerStatement:
		return insertMany
	case rowsPerRemainder:
		return insertSome
	}
	return insertOne
}
