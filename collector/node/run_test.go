package node

import (
	"errors"
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// slot0 is a full hour that the tests count from.
const slot0 = record.Instant(1_800_000_000) * record.Second

func ledgerOf(t *testing.T, role Role) (*DB, Self) {
	t.Helper()
	n := open(t)
	if err := n.Init(t.Context(), "cms-a", role); err != nil {
		t.Fatal(err)
	}
	self, err := n.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n, self
}

func hourly(hour int, state RunState) Claim {
	slot := slot0 + record.Instant(hour)*record.Hour
	return Claim{Timetable: "tt-1", Name: "nightly", Slot: slot, Attempt: 1, Trigger: "schedule", State: state, Through: slot}
}

func claimOne(t *testing.T, n *DB, epoch int64, c Claim) Run {
	t.Helper()
	runs, err := n.ClaimRuns(t.Context(), epoch, []Claim{c})
	if err != nil || len(runs) != 1 {
		t.Fatalf("ClaimRuns: %v, %v", runs, err)
	}
	return runs[0]
}

func TestASlotIsClaimedOnceAndMovesItsCursor(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	first := claimOne(t, n, self.Epoch, hourly(1, RunClaimed))
	if first.Server != "cms-a" || first.Epoch != 1 || first.Planned != first.Slot || first.Ended != 0 || first.State != RunClaimed {
		t.Errorf("claimed %+v", first)
	}
	again, err := n.ClaimRuns(t.Context(), self.Epoch, []Claim{hourly(1, RunMissed), hourly(2, RunSkipped)})
	if err != nil || len(again) != 1 || again[0].State != RunSkipped || again[0].Ended == 0 {
		t.Errorf("claimed again %+v, %v", again, err)
	}
	if _, err := n.ClaimRuns(t.Context(), self.Epoch, []Claim{{Timetable: "tt-1", Through: slot0}}); err != nil {
		t.Error(err)
	}
	cursors, err := n.RunCursors(t.Context())
	if want := slot0 + 2*record.Hour; err != nil || len(cursors) != 1 || cursors["tt-1"] != want {
		t.Errorf("cursors %v, want %v: %v", cursors, want, err)
	}
	if got, err := n.Run(t.Context(), first.ID); err != nil || got != first {
		t.Errorf("run %+v, %v", got, err)
	}
	if _, err := n.Run(t.Context(), 99); !errors.Is(err, ErrNoRun) {
		t.Errorf("no run: %v", err)
	}
}
