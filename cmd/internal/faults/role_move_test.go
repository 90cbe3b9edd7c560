package faults

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// often is a timetable that only a primary runs. What a move of the role made late
// is made up for without a pause, and beside what is due: on a slow machine a run
// takes longer than a second.
var often = []string{"admin", "timetable", "set", "often", "schedule=every 1s", "tasks=exec /bin/true", "spacing_s=0", "overlap=allow", "--config"}

// TestSwitchoverLosesNoSlot moves the role over and home while something is due
// each second: each slot runs on one of the two, and on one alone.
func TestSwitchoverLosesNoSlot(t *testing.T) {
	t.Parallel()
	w := newTwins(t)
	ctl(t, append(often, w.a.config)...)
	w.start()
	a := w.a.nodeDB(t)
	eventually(t, "it runs each second", func() bool { return len(began(t, a)) > 1 })
	ctl(t, "switchover", "--yes", "--config", w.b.config)
	b := w.b.nodeDB(t)
	eventually(t, "it runs there", func() bool { return len(ownRuns(t, b)) > 1 })
	ctl(t, "switchover", "--yes", "--config", w.b.config)
	since := record.At(time.Now())
	eventually(t, "it runs here again", func() bool {
		_, has := began(t, a)[since-since%record.Second+2*record.Second]
		return has
	})
	w.stop()
	all := began(t, a)
	for slot, runs := range began(t, b) {
		all[slot] = max(all[slot], runs)
	}
	first, last := record.Instant(0), record.Instant(0)
	for slot, runs := range all {
		if runs != 1 {
			t.Errorf("slot %v began %d times", slot, runs)
		}
		if first == 0 || slot < first {
			first = slot
		}
		last = max(last, slot)
	}
	if want := int((last-first)/record.Second) + 1; len(all) != want {
		t.Errorf("%d slots of %d from %v to %v", len(all), want, first, last)
	}
}

// nodeDB opens a server's node.db, as a verb does.
func (s *server) nodeDB(t *testing.T) *node.DB {
	t.Helper()
	db, err := node.Open(t.Context(), filepath.Join(s.data, node.File), store.Use)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // only read
	return db
}

// runsOf returns what a server knows of the runs of often.
func runsOf(t *testing.T, db *node.DB) []node.Run {
	t.Helper()
	all, err := db.Runs(t.Context(), node.RunQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r node.Run) bool { return r.Name != "often" })
}

// began tells how often each slot began, on either server, as this one knows.
func began(t *testing.T, db *node.DB) map[record.Instant]int {
	t.Helper()
	slots := map[record.Instant]int{}
	for _, r := range runsOf(t, db) {
		if r.Started != 0 {
			slots[r.Slot]++
		}
	}
	return slots
}

// ownRuns returns those that are this server's and began.
func ownRuns(t *testing.T, db *node.DB) (own []node.Run) {
	t.Helper()
	for _, r := range runsOf(t, db) {
		if r.Theirs == 0 && r.Started != 0 {
			own = append(own, r)
		}
	}
	return own
}
