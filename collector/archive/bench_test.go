package archive_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// benchLines is how many lines are imported: 60 MB.
const benchLines = 1_000_000

// BenchmarkImport imports a queue_log, beside what the driver alone inserts of
// the same rows: the ratios are of their times, and of what their processors did.
func BenchmarkImport(b *testing.B) {
	data := log(benchLines)
	path := filepath.Join(b.TempDir(), "queue_log")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	var took, raw, worked, rawWorked time.Duration
	for b.Loop() {
		h := openHistory(b)
		begun, busy := time.Now(), processor(b)
		done, err := archive.Import(b.Context(), h, []string{path}, options("queue_log"))
		took += time.Since(begun)
		worked += processor(b) - busy
		if err != nil || done.Files[0].Added != benchLines {
			b.Fatalf("%+v, %v", done, err)
		}
		b.StopTimer()
		rows := rowsOf(b, data)
		begun, busy = time.Now(), processor(b)
		insertAlone(b, rows)
		raw += time.Since(begun)
		rawWorked += processor(b) - busy
		b.StartTimer()
	}
	b.ReportMetric(float64(benchLines)*float64(b.N)/took.Seconds(), "records/s")
	b.ReportMetric(float64(len(data))*float64(b.N)/raw.Seconds()/1e6, "driver-MB/s")
	b.ReportMetric(float64(took)/float64(raw), "ratio-to-driver")
	b.ReportMetric(float64(worked)/float64(rawWorked), "ratio-of-processor")
	b.ReportMetric(worked.Seconds()*1e6/float64(benchLines*b.N), "processor-us/record")
}

// processor returns how long this process has had one.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// rowsOf returns what an import makes of the lines.
func rowsOf(b *testing.B, data []byte) (rows []record.Record) {
	b.Helper()
	ordinals := feed.FileOrdinals()
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(line, []byte{'\n'})
		second, _, _ := bytes.Cut(line, []byte{'|'})
		at, err := strconv.ParseInt(string(second), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		r := record.New(record.Instant(at)*record.Second, 0, line)
		r.N = ordinals.Next(r.At, r.Digest)
		rows = append(rows, r)
	}
	return rows
}

// insertAlone inserts the same rows by the driver, a hundred a statement and as
// many a transaction as an import has.
func insertAlone(b *testing.B, rows []record.Record) {
	b.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_stmt_cache_size=8")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	must := func(_ any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	const table = `CREATE TABLE record (seq INTEGER PRIMARY KEY, feed INTEGER, at INTEGER, digest BLOB, n INTEGER, raw BLOB, UNIQUE (feed, at, digest, n)) STRICT`
	must(db.ExecContext(b.Context(), "PRAGMA page_size = 16384"))
	must(db.ExecContext(b.Context(), "PRAGMA journal_mode = WAL"))
	must(db.ExecContext(b.Context(), table))
	const perStatement = 100
	insert := `INSERT INTO record (feed, at, digest, n, raw) VALUES ` + strings.Repeat("(1,?,?,?,?),", perStatement-1) + "(1,?,?,?,?)"
	for range benchLines / archive.Rows {
		tx, err := db.BeginTx(b.Context(), nil)
		must(nil, err)
		for range archive.Rows / perStatement {
			var args []any
			for _, r := range rows[:perStatement] {
				args = append(args, int64(r.At), r.Digest[:], int64(r.N), r.Raw)
			}
			rows = rows[perStatement:]
			must(tx.ExecContext(b.Context(), insert, args...))
		}
		must(nil, tx.Commit())
	}
}
