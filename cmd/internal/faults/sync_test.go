package faults

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A syncing pair is two servers of which the primary pushes names. Its own
// twind need not run for that, so that nothing but the push is on the road.
type syncing struct {
	*twins
	said string // the name that the primary has now
	n    int
}

// newSyncing makes a pair that has agreed on some rows.
func newSyncing(t *testing.T, rows int) *syncing {
	t.Helper()
	w := &syncing{twins: newTwins(t)}
	w.b.start()
	eventually(t, "the secondary is ready", w.b.listens)
	for first := 0; first < rows; first += fileRows {
		w.load(first, min(rows, first+fileRows))
	}
	w.edit()
	w.done()
	return w
}

// fileRows is how many rows go in one file: reading it takes its time, which
// grows with the square of them.
const fileRows = 10_000

// load gives the primary agents, from one number to another.
func (w *syncing) load(first, end int) {
	w.t.Helper()
	text := &strings.Builder{}
	text.WriteString("format = 1\n")
	for i := first; i < end; i++ {
		fmt.Fprintf(text, "[agent.%05d]\nname = \"Agent %d %x\"\n", i, i, rand.Uint64())
	}
	file := filepath.Join(w.t.TempDir(), "rows.toml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	ctl(w.t, "admin", "import", file, "--yes", "--config", w.a.config)
}

// listens tells whether the server's own SSH server takes connections.
func (s *server) listens() bool {
	conn, err := net.Dial("tcp", s.ssh)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// edit gives a queue another name on the primary.
func (w *syncing) edit() {
	w.t.Helper()
	w.n++
	w.said = fmt.Sprintf("Support %d", w.n)
	ctl(w.t, "admin", "queue", "set", "support", "name="+w.said, "--config", w.a.config)
}

// push runs the verb, which must end in one of these ways.
func (w *syncing) push(exits ...int) int {
	w.t.Helper()
	begun := time.Now()
	out, exit, said := tryCtl(w.t, "sync", "--config", w.a.config)
	if !slices.Contains(exits, exit) {
		w.t.Fatalf("sync: exit status %d after %s, want %v: %s%s", exit, time.Since(begun).Round(time.Millisecond), exits, out, said)
	}
	return exit
}

// name returns what the secondary calls the queue.
func (w *syncing) name() string {
	w.t.Helper()
	row := decode[struct{ Name string }](w.t, ctl(w.t, "admin", "queue", "show", "support", "--json", "--config", w.b.config))
	return row.Name
}

// whole demands that the secondary has the old name or the new one, and that
// what it has fits its hashes and its audit.
func (w *syncing) whole(old string) {
	w.t.Helper()
	if got := w.name(); got != old && got != w.said {
		w.t.Fatalf("the secondary says %q: it was %q, and is to be %q", got, old, w.said)
	}
	ctl(w.t, "audit", "verify", "--config", w.b.config)
}

// done pushes until both have the same, which the next try must do, and demands
// that nothing is left over.
func (w *syncing) done() {
	w.t.Helper()
	w.push(0)
	if got := w.name(); got != w.said {
		w.t.Fatalf("the secondary says %q after a sync to %q", got, w.said)
	}
	ctl(w.t, "sync", "--dry-run", "--config", w.a.config)
	left, err := filepath.Glob(filepath.Join(w.b.data, "spool", "*"))
	more, also := filepath.Glob(filepath.Join(w.b.data, "snapshots", "*.new*"))
	if err != nil || also != nil || len(left)+len(more) > 0 {
		w.t.Errorf("left over: %q %q, %v %v", left, more, err, also)
	}
}

// TestSyncCuts is the quick form of TestRealSyncCuts64.
func TestSyncCuts(t *testing.T) {
	t.Parallel()
	cutSyncs(t, 6)
}

// cutSyncs cuts the link at so many points of a push, spread over all its bytes.
func cutSyncs(t *testing.T, points int) {
	t.Helper()
	w := newSyncing(t, 20)
	w.edit()
	w.toB.become(free) // counts anew
	w.push(0)
	_, bytes := w.toB.now()
	came := 0
	for point := range points {
		old := w.said
		w.edit()
		w.toB.cutAfter(bytes * int64(point+1) / int64(points+1))
		if w.push(0, 5, 10) == 0 {
			came++
		}
		w.whole(old)
		w.toB.become(free)
		w.done()
	}
	t.Logf("cut at %d points of %d bytes, %d times when all had come", points, bytes, came)
}

// TestSyncKilled kills the push, and the server that takes it, at any time.
func TestSyncKilled(t *testing.T) {
	t.Parallel()
	killSyncs(t, 4)
}

func killSyncs(t *testing.T, times int) {
	t.Helper()
	w := newSyncing(t, 20)
	begun := time.Now()
	w.edit()
	w.push(0)
	lasts := time.Since(begun)
	for i := range times {
		old := w.said
		w.edit()
		push := exec.Command("twinctl", "sync", "--config", w.a.config)
		if err := push.Start(); err != nil {
			t.Fatal(err)
		}
		pause(t.Context(), rand.N(lasts))
		if i%2 == 0 {
			_ = push.Process.Kill() // it may have ended
			_ = push.Wait()
		} else {
			w.b.kill()
			_ = push.Wait() // whatever it could find out
			w.b.start()
			eventually(t, "the secondary is ready again", w.b.listens)
		}
		w.whole(old)
		w.done()
	}
}

// TestSyncFrozen has a secondary that does not answer: the push ends, says so,
// and works when it answers again.
func TestSyncFrozen(t *testing.T) {
	t.Parallel()
	w := newSyncing(t, 1)
	old := w.said
	w.edit()
	w.b.signal(syscall.SIGSTOP)
	w.push(5)
	w.b.signal(syscall.SIGCONT)
	w.whole(old)
	w.done()
}

// TestSyncTwoAtOnce has two people push at once: one does it, and the other one
// finds it done, or that somebody is at it.
func TestSyncTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newSyncing(t, 1)
	for range 3 {
		w.edit()
		exits := make([]int, 3)
		var all sync.WaitGroup
		for i := range exits {
			all.Go(func() { _, exits[i], _ = tryCtl(t, "sync", "--config", w.a.config) })
		}
		all.Wait()
		well := 0
		for _, exit := range exits {
			switch exit {
			case 0:
				well++
			case 9:
			default:
				t.Errorf("exit statuses %v", exits)
			}
		}
		if well == 0 {
			t.Errorf("nobody came through: %v", exits)
		}
		w.done()
	}
}
