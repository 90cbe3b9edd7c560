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
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/fixtures/daemon"
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

// How rsyslog receives at a port.
const (
	imtcp = `
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port=%q ruleset="all" supportOctetCountedFraming="off")`
	imrelp = `
module(load="imrelp")
input(type="imrelp" address="127.0.0.1" port=%q ruleset="all")`
)

// rsyslogRate has rsyslog receive n of the lines and write them to a file that it
// flushes, and returns lines a second; 0, and a word, where it cannot.
func rsyslogRate(b *testing.B, input string, open func(b *testing.B, address, dir string) talk, n int) float64 {
	b.Helper()
	dir, address := b.TempDir(), freeAddress(b)
	_, port, _ := net.SplitHostPort(address)
	out, conf := filepath.Join(dir, "out"), filepath.Join(dir, "conf")
	err := os.WriteFile(conf, fmt.Appendf(nil, input+`
template(name="raw" type="string" string="%%rawmsg%%\n")
ruleset(name="all") { action(type="omfile" file=%q template="raw" sync="on") }
global(workDirectory=%q)
`, port, out, dir), 0o600)
	if err != nil {
		b.Fatal(err)
	}
	if said, err := exec.Command("rsyslogd", "-N1", "-f", conf).CombinedOutput(); err != nil {
		b.Logf("no rsyslogd here that can (Debian: rsyslog rsyslog-relp), its yardstick is left out: %v\n%s", err, said)
		return 0
	}
	rsyslog := daemon.Start(b, exec.Command("rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid")))
	defer rsyslog.End(syscall.SIGKILL) // the next one is not to run beside it
	say := open(b, address, "")
	spoke := make(chan error, 1)
	begun := time.Now()
	go func() { spoke <- say(n) }()
	size := int64(0)
	for want := int64(n * (lineBytes + 1)); size < want; <-time.After(5 * time.Millisecond) {
		if info, err := os.Stat(out); err == nil {
			size = info.Size()
		}
		if time.Since(begun) > 2*time.Minute {
			b.Fatalf("rsyslog wrote %d of %d bytes within two minutes", size, want)
		}
	}
	took := time.Since(begun)
	if err := <-spoke; err != nil {
		b.Fatal(err)
	}
	return float64(n) / took.Seconds()
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
