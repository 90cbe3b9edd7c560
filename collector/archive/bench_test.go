package archive_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/record"
)

// benchLines is how many lines are imported: 60 MB.
const benchLines = 1_000_000

// BenchmarkImport imports a queue_log, beside what the driver alone inserts of
// the same rows in one transaction: the ratio is of their times.
func BenchmarkImport(b *testing.B) {
	data := log(benchLines)
	path := filepath.Join(b.TempDir(), "queue_log")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	var took, raw time.Duration
	for b.Loop() {
		h := openHistory(b)
		begun := time.Now()
		done, err := archive.Import(b.Context(), h, []string{path}, options("queue_log"))
		took += time.Since(begun)
		if err != nil || done.Files[0].Added != benchLines {
			b.Fatalf("%+v, %v", done, err)
		}
		b.StopTimer()
		raw += insertAlone(b)
		b.StartTimer()
	}
	b.ReportMetric(float64(benchLines)*float64(b.N)/took.Seconds(), "records/s")
	b.ReportMetric(float64(took)/float64(raw), "ratio-to-driver")
}

// insertAlone inserts as many rows by the driver, one statement for each.
func insertAlone(b *testing.B) time.Duration {
	b.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const table = `CREATE TABLE record (seq INTEGER PRIMARY KEY, feed INTEGER, at INTEGER, digest BLOB, n INTEGER, raw BLOB, UNIQUE (feed, at, digest, n)) STRICT`
	if _, err := db.ExecContext(b.Context(), table); err != nil {
		b.Fatal(err)
	}
	line := log(1)
	digest := record.DigestOf(line)
	begun := time.Now()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.PrepareContext(b.Context(), `INSERT INTO record (feed, at, digest, n, raw) VALUES (1, ?, ?, 0, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	defer insert.Close()
	for i := range benchLines {
		digest[0], digest[1], digest[2] = byte(i), byte(i>>8), byte(i>>16)
		if _, err := insert.ExecContext(b.Context(), i/5, digest[:], line); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}
