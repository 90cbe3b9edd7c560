package faults

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// TestFrozenPrimary stops a primary that has something to run each second, makes
// the other server the primary, and has the first one go on, out of reach of the
// other at first: it waits, and once it hears it steps down. Not one slot of what
// only a primary runs begins there any more.
func TestFrozenPrimary(t *testing.T) {
	t.Parallel()
	w := newTwins(t)
	ctl(t, "admin", "timetable", "set", "often", "schedule=every 1s", "tasks=exec /bin/true", "--config", w.a.config)
	w.start()
	db := w.a.node(t)
	eventually(t, "it runs each second", func() bool { return len(starts(t, db, 0)) > 1 })
	a, err := db.Ask(t.Context(), node.Request{Verb: app.ProbeRole, Args: []byte("{}"), Actor: "ann"}, nil)
	if err != nil || a.Exit != 0 || !strings.Contains(a.Text, `"state":"ok"`) {
		t.Errorf("%+v: %v", a, err)
	}

	w.a.signal(syscall.SIGSTOP)
	still := time.Now()
	b := w.b.node(t)
	if _, err := b.TakeOver(t.Context(), node.Takeover{Seen: 1, Actor: "ann", Reason: "it is frozen"}); err != nil {
		t.Fatal(err)
	}
	w.toA.become(cut)
	w.toB.become(cut)
	eventually(t, "it stood still for long", func() bool { return time.Since(still) > 3*time.Second })
	woken := record.At(time.Now())
	w.a.signal(syscall.SIGCONT)
	eventually(t, "it waits", func() bool { d := w.a.seen().Timetables; return d != nil && d.Held == 1 })
	w.a.said("this server stood still")
	w.toA.become(free)
	w.toB.become(free)
	eventually(t, "it is secondary", func() bool {
		self, err := db.Self(t.Context())
		return err == nil && self.Role == node.Secondary && self.EpochSeen == 2
	})
	w.a.said("superseded by epoch 2; was primary until 20")
	if late := starts(t, db, woken); len(late) > 0 {
		t.Errorf("began all the same: %+v", late)
	}
	w.stop()
}

// node opens a server's node.db, as a verb does.
func (s *server) node(t *testing.T) *node.DB {
	t.Helper()
	db, err := node.Open(t.Context(), filepath.Join(s.data, node.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// starts returns the runs that began after an instant.
func starts(t *testing.T, db *node.DB, after record.Instant) (all []node.Run) {
	t.Helper()
	self, err := db.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Runs(t.Context(), node.RunQuery{Server: self.Name})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Started > after {
			all = append(all, r)
		}
	}
	return all
}
