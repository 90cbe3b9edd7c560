package bench

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// table is the record table, without the rest of the house.
const table = `
CREATE TABLE record (seq INTEGER PRIMARY KEY, feed INTEGER NOT NULL, at INTEGER NOT NULL, digest BLOB NOT NULL,
  n INTEGER NOT NULL, kind INTEGER NOT NULL, origin INTEGER NOT NULL, raw BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX record_key ON record (feed, at, digest, n);`

// driverRate inserts the same rows through the driver, a hundred a statement
// and ten thousand a flushed transaction, and returns rows a second.
func driverRate(b *testing.B) float64 {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_txlock=immediate&_synchronous=FULL&_stmt_cache_size=8")
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
	must(db.Exec("PRAGMA page_size = 16384"))
	must(db.Exec("PRAGMA journal_mode = WAL"))
	must(db.Exec(table))

	const perStatement, perTx = 100, 10_000
	insert := `INSERT INTO record (feed, at, digest, n, kind, origin, raw) VALUES ` +
		strings.Repeat("(?,?,?,?,?,?,?),", perStatement-1) + "(?,?,?,?,?,?,?)"
	rows := lineCount / 4 // enough to tell
	raw := []byte(strings.Repeat("x", lineBytes))
	var args []any
	begun := time.Now()
	for done := 0; done < rows; {
		tx, err := db.Begin()
		must(nil, err)
		for range perTx / perStatement {
			args = args[:0]
			for range perStatement {
				sum := sha256.Sum256(fmt.Appendf(nil, "%d", done))
				args = append(args, int64(1), int64(done)*20, sum[:16], int64(0), int64(3), int64(0), raw)
				done++
			}
			must(tx.Exec(insert, args...))
		}
		must(nil, tx.Commit())
	}
	return float64(rows) / time.Since(begun).Seconds()
}

// rsyslogRate has rsyslog write the same lines from TCP to a file that it
// flushes, and returns lines a second; 0, and a word, where there is none.
func rsyslogRate(b *testing.B) float64 {
	b.Helper()
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		b.Log("no rsyslogd here: its yardstick is left out")
		return 0
	}
	dir := b.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	out, conf := filepath.Join(dir, "out"), filepath.Join(dir, "conf")
	err = os.WriteFile(conf, fmt.Appendf(nil, `
global(workDirectory=%q)
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port=%q ruleset="all" supportOctetCountedFraming="off")
template(name="raw" type="string" string="%%rawmsg%%\n")
ruleset(name="all") { action(type="omfile" file=%q template="raw" sync="on") }
`, dir, port, out), 0o600)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	conn := dial(b, "127.0.0.1:"+port)
	defer conn.Close()

	n := lineCount / 4
	begun := time.Now()
	if err := lines(conn, n); err != nil {
		b.Fatal(err)
	}
	want := int64(n * (lineBytes + 1))
	for begun.Add(2 * time.Minute).After(time.Now()) {
		if info, err := os.Stat(out); err == nil && info.Size() >= want {
			return float64(n) / time.Since(begun).Seconds()
		}
		<-time.After(5 * time.Millisecond)
	}
	b.Fatal("rsyslog did not write all lines within two minutes")
	return 0
}

// dial connects to a server that is about to listen.
func dial(b *testing.B, address string) net.Conn {
	b.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn
		}
		<-time.After(10 * time.Millisecond)
	}
	b.Fatalf("nobody listens on %s", address)
	return nil
}

func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[int(float64(len(all)-1)*q)]
}
