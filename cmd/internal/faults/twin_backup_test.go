package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBackupCuts is the quick form of TestRealBackupCuts64.
func TestBackupCuts(t *testing.T) {
	t.Parallel()
	cutBackups(t, 4)
}

// cutBackups cuts the link at that many points of the way of a backup to the
// twin. Each time the backup is good where it was made, and the twin has none
// that is not whole; in the end it has all of them, and nothing else.
func cutBackups(t *testing.T, cuts int) {
	t.Helper()
	file := newWriter(t)
	w := newTwins(t, file.section("file"))
	w.start()
	received := filepath.Join(w.b.data, "backups", "cms-a.twin")
	sets := func() []string {
		all, err := filepath.Glob(filepath.Join(received, "cms-a-*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	_, begun := w.toB.now()
	ctl(t, "backup", "full", "--config", w.a.config)
	_, ended := w.toB.now()
	bytes := ended - begun
	t.Logf("a backup takes about %d bytes", bytes)
	failed := 0
	for i := range cuts {
		before := len(sets())
		w.toB.cutAfter(bytes * int64(i+1) / int64(cuts+1))
		_, code, said := tryCtl(t, "backup", "full", "--config", w.a.config)
		w.toB.become(free)
		if code != 0 && code != 5 {
			t.Errorf("cut %d: exit status %d: %s", i, code, said)
		}
		if code == 5 {
			failed++
		}
		if code == 5 && (len(sets()) > before+1 || !strings.Contains(said, "good here")) {
			t.Errorf("cut %d: %d backups there, and it says %s", i, len(sets()), said)
		}
		ctl(t, "backup", "verify", "--config", w.a.config)
		ctl(t, "backup", "verify", "--received", "--config", w.b.config)
	}
	if failed == 0 {
		t.Error("nothing was cut")
	}
	ctl(t, "backup", "send", "--config", w.a.config)
	ctl(t, "backup", "verify", "--received", "--config", w.b.config)
	ctl(t, "backup", "prune", "--keep-last", "1", "--yes", "--config", w.b.config)
	left, err := os.ReadDir(received)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 || left[0].Name() != ".lock" {
		t.Errorf("left on the twin: %v", left)
	}

	// What is there brings the server back, elsewhere.
	to := filepath.Join(t.TempDir(), "restored")
	ctl(t, "backup", "restore", "--from", received, "--to", to, "--config", w.a.config)
	w.a.stop()
	was := w.a.export("file")
	w.a.data = to
	w.a.configure(file.section("file"))
	back := w.a.export("file")
	if diff := cmp.Diff(was[:len(back)], back); diff != "" {
		t.Errorf("what was there (-) is not what came back (+):\n%s", diff)
	}
}
