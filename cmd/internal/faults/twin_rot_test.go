package faults

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/history"
)

// TestTwinRot changes bytes of a record on one twin's disk: that is found,
// never given to the other, and mended from it.
func TestTwinRot(t *testing.T) {
	t.Parallel()
	w, calls := hearing(t, 1000)
	calls.missed(t, spoken)
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines()) // and both are stopped
	w.a.rot()

	_, status, said := tryCtl(t, "history", "verify", "--config", w.a.config)
	if status != 6 || !strings.Contains(said, "twinctl history verify --mend") {
		t.Errorf("exit status %d: %s", status, said)
	}
	w.start()
	eventually(t, "the link stands", func() bool { return w.a.seen().Twin.State == "ok" })
	out := ctl(t, "history", "verify", "--mend", "--json", "--config", w.a.config)
	got := decode[struct {
		Sound bool
		Feeds []struct{ Healed int }
	}](t, out)
	if !got.Sound || len(got.Feeds) != 1 || got.Feeds[0].Healed != 1 {
		t.Errorf("mended: %s", out)
	}
	for _, s := range []*server{w.a, w.b} {
		ctl(t, "history", "verify", "--config", s.config)
		if diff := cmp.Diff(calls.lines(), inOrder(s.export("calls"))); diff != "" {
			t.Errorf("%s: the lines said (-) are not what is stored (+):\n%s", s.name, diff)
		}
	}
	if !w.a.audited("history.mend") {
		t.Error("it is not in the audit")
	}
}

// rot changes a record of a server that does not run.
func (s *server) rot() {
	s.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(s.data, history.File))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE record SET raw = x'00' WHERE seq = 100`); err != nil {
		s.t.Fatal(err)
	}
}
