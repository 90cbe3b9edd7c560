package node

import (
	"errors"
	"slices"
	"testing"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// addRuns writes rows of a timetable, one a day, from day on; the twin's too,
// if they are told.
func addRuns(t *testing.T, n *DB, timetable string, days int, told bool) {
	t.Helper()
	err := n.db.Update(t.Context(), func(tx *store.Tx) error {
		for day := range days {
			at, server, output := slot0+record.Instant(day)*record.Day, "cms-a", timetable
			var theirs any
			if told {
				theirs, server, output = day+1, "cms-b", ""
			}
			_, err := tx.Exec(`
				INSERT INTO run (theirs, server, timetable, name, slot, attempt, epoch, role, trigger, actor, state, reason, planned, ended, output, rev)
				VALUES (?, ?, ?, '', ?, 1, 1, '', 'schedule', '', 'ok', '', 0, ?, ?, ?)`, theirs, server, timetable, at, at, output, day)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSweepKeepsTheLastRunsOfEach(t *testing.T) {
	n, _ := ledgerOf(t, Primary)
	addRuns(t, n, "daily", 400, false)
	addRuns(t, n, "daily", 150, true)
	addRuns(t, n, "rare", keptRuns, false)
	addRuns(t, n, "young", 2*sweepPage+keptRuns+7, false)
	var removed []string
	swept, err := n.SweepRuns(t.Context(), slot0+300*record.Day, func(outputs []string) error {
		removed = append(removed, outputs...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		timetable, server string
		rows              int
		first             record.Instant
	}{
		{"daily", "cms-a", 100, slot0 + 300*record.Day},
		{"daily", "cms-b", 100, slot0 + 50*record.Day},
		{"rare", "cms-a", 100, slot0},
		{"young", "cms-a", 2*sweepPage + keptRuns + 7 - 300, slot0 + 300*record.Day},
	} {
		runs, err := n.Runs(t.Context(), RunQuery{Timetables: []string{want.timetable}, Server: want.server})
		if err != nil || len(runs) != want.rows || runs[len(runs)-1].Slot != want.first {
			t.Errorf("%+v: %d rows, %v", want, len(runs), err)
		}
	}
	if slices.Sort(removed); swept != 300+50+300 || len(removed) != 600 || removed[0] != "daily" || removed[300] != "young" {
		t.Errorf("swept %d, with %d files", swept, len(removed))
	}
	if again, err := n.SweepRuns(t.Context(), slot0+300*record.Day, nil); again != 0 || err != nil {
		t.Errorf("again: %d, %v", again, err)
	}
	all, err := n.SweepRuns(t.Context(), slot0+10_000*record.Day, func([]string) error { return nil })
	if err != nil || all != 2*sweepPage+7-300 {
		t.Errorf("of many pages: %d, %v", all, err)
	}
}

// A row goes after the file that it names: the other way about the file stays
// for ever when the server ends in between.
func TestSweepForgetsNoFileThatIsThere(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	addRuns(t, n, "daily", 200, false)
	full := errors.New("read-only file system")
	swept, err := n.SweepRuns(t.Context(), slot0+1000*record.Day, func([]string) error { return full })
	if swept != 0 || !errors.Is(err, full) || count(t, n, `SELECT count(*) FROM run`) != 200 {
		t.Errorf("swept %d, %v", swept, err)
	}
	// What has not ended is never swept, however old.
	old := claimOne(t, n, self.Epoch, Claim{Timetable: "daily", Slot: 1, Attempt: 1, Trigger: "schedule", State: RunClaimed})
	if swept, err = n.SweepRuns(t.Context(), slot0+1000*record.Day, func([]string) error { return nil }); swept != 100 || err != nil {
		t.Errorf("swept %d, %v", swept, err)
	}
	if _, err := n.Run(t.Context(), old.ID); err != nil {
		t.Error(err)
	}
}
