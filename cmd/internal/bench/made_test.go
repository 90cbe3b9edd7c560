package bench

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const (
	madeFeed  = "feed0"
	madeKind  = 3 // lines
	madePerTx = 20_000
)

// A stretch is records that an upstream said, evenly, and that somebody heard.
type stretch struct {
	record.Span
	records int
	bytes   int // of each record
}

// ending returns a stretch that was over at an instant.
func ending(to record.Instant, lasting time.Duration, records, bytes int) stretch {
	return stretch{record.Span{From: to.Add(-lasting), To: to}, records, bytes}
}

func (s stretch) record(i int, pad []byte) record.Record {
	at := s.From + record.Instant(float64(s.To-s.From)*float64(i)/float64(s.records))
	raw := make([]byte, 0, s.bytes)
	raw = append(stamp(raw, int64(at)), ',')
	raw = append(strconv.AppendInt(raw, int64(i), 10), ',')
	return record.New(at, 0, append(raw, pad[:s.bytes-len(raw)]...))
}

// openHistory opens, or makes, the history in a directory.
func openHistory(b *testing.B, dir string) *history.DB {
	b.Helper()
	db, err := history.Open(b.Context(), filepath.Join(dir, history.File), store.Create)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Start(b.Context(), madeFeed); err != nil {
		b.Fatal(err)
	}
	return db
}

// hear stores stretches as a server does that heard each from its first to its
// last instant, and nothing between them.
func hear(b *testing.B, db *history.DB, all ...stretch) {
	b.Helper()
	pad := make([]byte, 1<<10)
	for i := range pad {
		pad[i] = 'x'
	}
	for _, s := range all {
		batch := feed.Batch{Marks: []feed.Mark{{What: feed.BeginMark, Begin: &feed.Session{From: s.From}}}}
		for i := range s.records {
			batch.Records = append(batch.Records, s.record(i, pad))
			if len(batch.Records) == madePerTx {
				commit(b, db, batch)
				batch = feed.Batch{Records: batch.Records[:0]}
			}
		}
		batch.Marks = append(batch.Marks, feed.Mark{What: feed.ProofMark, Until: s.To}, feed.Mark{What: feed.EndMark, Reason: feed.Stopped})
		commit(b, db, batch)
	}
}

func commit(b *testing.B, db *history.DB, batch feed.Batch) {
	b.Helper()
	if _, err := db.Commit(context.WithoutCancel(b.Context()), []history.Batch{{Feed: madeFeed, Kind: madeKind, Batch: batch}}); err != nil {
		b.Fatal(err)
	}
}

// madeHistory makes a history of stretches, and returns its directory.
func madeHistory(b *testing.B, all ...stretch) string {
	b.Helper()
	dir := b.TempDir()
	db := openHistory(b, dir)
	hear(b, db, all...)
	shut(b, db)
	return dir
}

func shut(b *testing.B, all ...io.Closer) {
	b.Helper()
	for _, c := range all {
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// copied copies the history of a directory, which nobody has open, to a new one.
func copied(b *testing.B, from string) string {
	b.Helper()
	dir := b.TempDir()
	in, err := os.Open(filepath.Join(from, history.File))
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(dir, history.File), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

// now is up to when the made histories were heard: some buckets ago, so that
// all of it is closed.
func now() record.Instant { return record.Bucket(record.At(time.Now().Add(-10 * time.Minute))) }
