package app

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/timetable/engine"
)

// twind gives the role away between two decisions, after it has proven that it
// has it, and once.
func TestHandsOfTwind(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	keeper := filepath.Join(t.TempDir(), "twinctl") // it runs until it is told to end
	if err := os.WriteFile(keeper, []byte("#!/bin/sh\nexec cat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.timekeeper.tasks.twinctl = keeper
	paired(t, s.data.Node)
	if err := s.data.Node.ConfirmRole(t.Context(), 1, "ann"); err != nil {
		t.Fatal(err)
	}
	edits(t, s.data.Admin, admin.Edit{Kind: "timetable", Body: admin.Body{"name": "a", "schedule": "@yearly", "tasks": []string{"exec /bin/true"}, "runs_on": "primary"}})
	await.Run(t, s.timekeeper.run)
	h := roleHands{data: s.data, config: s.config, keeper: s.timekeeper}
	if run, err := h.Probe(t.Context(), "ann"); err != nil || run.State != node.RunOK || run.Actor != "ann" || run.Epoch != 1 {
		t.Errorf("probe: %+v: %v", run, err)
	}
	list, err := Timetables(t.Context(), s.data.Admin, sound)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.timekeeper.engine.Start(t.Context(), list.Timetables[0].ID, "ann"); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "it runs", func() bool { return len(s.timekeeper.engine.State().Running) == 1 })
	if err := s.data.Node.Drain(t.Context(), "r", time.Minute); err != nil {
		t.Fatal(err)
	}
	args := DemoteArgs{Runbook: "r", Epoch: 1}
	if _, err := h.Demote(t.Context(), args, "ann"); !errors.Is(err, engine.ErrGoesOn) || cli.Verdict(err) != cli.Busy {
		t.Errorf("while it runs: %v", err)
	}
	if n, err := h.Cancel(t.Context(), false, "ann"); n != 1 || err != nil {
		t.Errorf("%d: %v", n, err)
	}
	await.Until(t, "it runs no more", func() bool { return len(s.timekeeper.engine.State().Running) == 0 })
	token, err := h.Demote(t.Context(), args, "ann")
	if err != nil || token.Epoch != 1 || token.Taker != "S" || token.Mark == 0 {
		t.Errorf("%+v: %v", token, err)
	}
	if again, err := h.Demote(t.Context(), args, "ann"); err != nil || again != token {
		t.Errorf("again: %+v: %v", again, err)
	}
	if _, err := h.Demote(t.Context(), DemoteArgs{Runbook: "s", Epoch: 1}, "ann"); !errors.Is(err, node.ErrRole) {
		t.Errorf("by another runbook: %v", err)
	}
	if _, err := h.Probe(t.Context(), "ann"); !errors.Is(err, node.ErrRole) {
		t.Errorf("probe of a secondary: %v", err)
	}
}

// Where no twind runs its machine gives the role away all the same: what ran is
// interrupted, what had not begun and what is due goes over.
func TestHandsWithoutTwind(t *testing.T) {
	cfg := configured(t, oneFeed)
	data := primary(t, cfg)
	paired(t, data.Node)
	edits(t, data.Admin, admin.Edit{Kind: "timetable", Body: admin.Body{"name": "a", "schedule": "every 1s", "tasks": []string{"exec /bin/true"}, "runs_on": "primary", "catch_up": "latest"}})
	list, err := Timetables(t.Context(), data.Admin, sound)
	if err != nil {
		t.Fatal(err)
	}
	id := list.Timetables[0].ID
	slot := record.At(time.Now())/record.Second*record.Second + record.Second // what was before it was primary is not its own
	claim := func(slot record.Instant) node.Claim {
		return node.Claim{Timetable: id, Name: "a", Slot: slot, Attempt: 1, Trigger: engine.BySchedule, State: node.RunClaimed, Role: node.Primary, Through: slot}
	}
	rows, err := data.Node.ClaimRuns(t.Context(), 1, []node.Claim{claim(slot), claim(slot + record.Second)})
	if err == nil {
		err = data.Node.StartRun(t.Context(), rows[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	await.Until(t, "three seconds passed", func() bool { return record.At(time.Now()) > slot+3*record.Second })
	h := roleHands{data: data, config: func() *config.Config { return cfg }}
	if n, err := h.Cancel(t.Context(), true, "ann"); n != 0 || err != nil {
		t.Errorf("%d: %v", n, err)
	}
	if _, err := h.Probe(t.Context(), "ann"); !errors.Is(err, node.ErrNotClaimed) {
		t.Errorf("probe: %v", err)
	}
	if err := data.Node.Drain(t.Context(), "r", time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Demote(t.Context(), DemoteArgs{Runbook: "r", Epoch: 3}, "ann"); !errors.Is(err, node.ErrRole) {
		t.Errorf("of another epoch: %v", err)
	}
	token, err := h.Demote(t.Context(), DemoteArgs{Runbook: "r", Epoch: 1}, "ann")
	if err != nil {
		t.Fatal(err)
	}
	self, err := data.Node.Self(t.Context())
	if err != nil || self.Role != node.Secondary || self.OwnsUntil != token.At {
		t.Errorf("%+v: %v", self, err)
	}
	all, err := data.Node.Runs(t.Context(), node.RunQuery{})
	if err != nil || len(all) < 4 {
		t.Fatalf("%+v: %v", all, err)
	}
	for _, r := range all {
		began := r.Slot == slot && r.State == node.RunInterrupted && r.Reason == engine.WhyDown
		if over := r.State == node.RunMissed && r.Reason == engine.WhyHandover; !began && (r.Slot == slot || !over) {
			t.Errorf("%+v", r)
		}
	}
}
