//go:build real

package faults

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

const cuts = 60

// A bench is a disk whose power can be cut: an ext4 on an image in memory. A
// copy of the image is what a cut would leave behind: what was flushed, and of
// the rest what the kernel happened to have written.
type bench struct {
	t     *testing.T
	image string
	dir   string // where it is mounted
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, image: filepath.Join(tmpfs(t, "size=2g"), "disk")}
	if err := os.WriteFile(b.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(b.image, 256<<20); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.ext4", "-q", "-F", b.image)
	b.dir = mount(t, "-o", "loop", b.image)
	return b
}

// cut calls look with the disk as it would be found after a power cut now.
func (b *bench) cut(look func(t *testing.T, dir string)) {
	b.t.Helper()
	left := b.image + ".cut"
	copySparse(b.t, b.image, left)
	b.t.Run("cut", func(t *testing.T) { look(t, mount(t, "-o", "loop", left)) })
	if err := os.Remove(left); err != nil {
		b.t.Fatal(err)
	}
}

// TestRealPowerCut cuts the power under load, at random moments. Each time all
// that was ever shown must be there, whole, and the server must go on from there.
func TestRealPowerCut(t *testing.T) {
	b := newBench(t)
	calls, file := newSpeaker(t), newWriter(t)
	s := newServerAt(t, filepath.Join(b.dir, "data"), calls.section("calls"), file.section("file"))
	readers := []*follower{s.follow("calls"), s.follow("file")}
	s.start()
	eventually(t, "collecting", func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 })
	for i := range cuts {
		<-time.After(50*time.Millisecond + rand.N(300*time.Millisecond))
		s.freeze()
		rows := [][]shown{readers[0].all(), readers[1].all()}
		b.cut(func(t *testing.T, dir string) {
			s.signal(syscall.SIGCONT)
			data := filepath.Join(dir, "data")
			held := intact(t, filepath.Join(data, history.File))
			mustHold(t, held["calls"], rows[0])
			mustHold(t, held["file"], rows[1])
			if i%6 == 0 { // takes longer each time
				goesOn(t, data, file)
			}
		})
	}
	s.stop()
	t.Logf("%d cuts; %d and %d records were shown", cuts, len(readers[0].all()), len(readers[1].all()))
}

// freeze stops twind where it is.
func (s *server) freeze() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	eventually(s.t, "frozen", func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.proc.Process.Pid))
		return err == nil && strings.Contains(string(text), ") T ")
	})
}

// intact demands that a history is whole, and returns what it holds.
func intact(t *testing.T, path string) map[string][]shown {
	t.Helper()
	checked(t, path)
	ctx := context.Background()
	h, err := history.Open(ctx, path, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	all, err := h.Summaries(ctx)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string][]shown{}
	for name, sum := range all {
		for row, err := range h.Records(ctx, history.Range{Feed: name}) {
			if err != nil {
				t.Fatal(err)
			}
			if record.New(row.At, row.N, row.Raw).Key != row.Key {
				t.Errorf("%s: record %d is torn: %+v", name, row.Seq, row)
			}
			held[name] = append(held[name], shown{At: row.At.Time(), Digest: row.Digest.String(), N: int(row.N), Raw: string(row.Raw)})
		}
		if int64(len(held[name])) != sum.Records {
			t.Errorf("%s: %d records are held, %d were counted", name, len(held[name]), sum.Records)
		}
	}
	return held
}

func checked(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %s, %v", verdict, err)
	}
}

// goesOn starts a server on what a cut left, and demands that it has the whole
// file then, each line once.
func goesOn(t *testing.T, data string, file *writer) {
	t.Helper()
	s := newServerAt(t, data, file.section("file"))
	s.start()
	want := file.lines()
	eventually(t, "the file is collected", func() bool { return s.feed("file").Records >= int64(len(want)) })
	s.stop()
	if n := s.feed("file").Duplicates; n != 0 {
		t.Errorf("%d lines were stored twice", n)
	}
	got := inOrder(s.export("file"))
	if diff := cmp.Diff(want, got[:min(len(want), len(got))]); diff != "" {
		t.Errorf("the file's lines (-) are not what is stored (+):\n%s", diff)
	}
}

// TestRealPowerCutLosesWhatIsNotFlushed proves that the bench can find a fault:
// with flushes turned off, commits are lost; with them, none is.
func TestRealPowerCutLosesWhatIsNotFlushed(t *testing.T) {
	for _, flush := range []string{"FULL", "OFF"} {
		t.Run(flush, func(t *testing.T) {
			b := newBench(t)
			db, err := sql.Open("sqlite3", filepath.Join(b.dir, "t.db")+"?_journal_mode=WAL&_synchronous="+flush)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("CREATE TABLE t (n INTEGER PRIMARY KEY)"); err != nil {
				t.Fatal(err)
			}
			lost, n := 0, 0
			for range 5 {
				for range 50 {
					n++
					if _, err := db.Exec("INSERT INTO t VALUES (?)", n); err != nil {
						t.Fatal(err)
					}
				}
				b.cut(func(t *testing.T, dir string) { lost += n - rowsIn(filepath.Join(dir, "t.db")) })
			}
			t.Logf("%s: %d commits, %d lost over the cuts", flush, n, lost)
			if (lost > 0) != (flush == "OFF") {
				t.Errorf("%s: %d commits are lost", flush, lost)
			}
		})
	}
}

// rowsIn counts the rows of the raw writer; none if there is no such table.
func rowsIn(path string) (n int) {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return 0
	}
	defer db.Close()
	_ = db.QueryRow("SELECT count(*) FROM t").Scan(&n) // there may be no table
	return n
}
