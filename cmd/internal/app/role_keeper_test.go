package app

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/timetable/engine"
)

// A primary that hears of a higher epoch steps down by itself, within a second;
// what that left is told until a person takes note.
func TestRoleKeeper(t *testing.T) {
	s := initialized(t, configured(t, oneFeed), io.Discard)
	n := s.data.Node
	paired(t, n)
	slot := record.At(time.Now())
	claim := node.Claim{Timetable: "t", Name: "nightly", Slot: slot, Attempt: 1, Trigger: engine.BySchedule, State: node.RunClaimed, Role: node.Primary}
	rows, err := n.ClaimRuns(t.Context(), 1, []node.Claim{claim})
	if err == nil {
		err = n.StartRun(t.Context(), rows[0].ID)
	}
	if err == nil {
		claim.Slot, claim.State, claim.Reason = slot+1, node.RunMissed, engine.WhyDoubt
		_, err = n.ClaimRuns(t.Context(), 1, []node.Claim{claim})
	}
	if err == nil {
		err = n.KeepTwinRuns(t.Context(), "S", node.RunPage{Rows: []node.Run{{
			ID: 1, Server: "cms-b", Timetable: "t", Name: "nightly", Slot: slot, Attempt: 1, Epoch: 2, Role: node.Primary, Trigger: engine.BySchedule,
			State: node.RunOK, Planned: slot, Started: slot, Ended: slot + 1, Rev: 1,
		}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.roles.run(ctx) }()
	alarms := func() string {
		var all concerns
		s.roles.alarms(&all)
		var text strings.Builder
		for _, c := range all {
			text.WriteString(c.code + ": " + c.text + "\n")
		}
		return text.String()
	}
	await.Until(t, "the slot is told", func() bool { return strings.Contains(alarms(), "slots_doubled: 1 slot") })
	if said := alarms(); strings.Contains(said, "superseded") || !strings.Contains(said, "slots_in_doubt: 1 slot") || !strings.Contains(said, "(nightly)") {
		t.Errorf("said %q", said)
	}
	begun := time.Now()
	if _, err := n.Seen(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "it steps down", func() bool {
		self, err := n.Self(t.Context())
		return err == nil && self.Role == node.Secondary
	})
	t.Logf("it stepped down after %s", time.Since(begun))
	await.Until(t, "that is told", func() bool {
		return strings.Contains(alarms(), "superseded: superseded by epoch 2; was primary until 20")
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	none := func(node.KeptAlarm) ([]node.Message, error) { return nil, nil }
	var raised []node.Raised
	for _, code := range []string{"superseded", "slots_doubled", "slots_in_doubt"} {
		raised = append(raised, node.Raised{Code: code, Severity: "error"})
	}
	err = n.NoteAlarms(t.Context(), node.AlarmChange{Raised: raised, Tell: none})
	if err == nil {
		_, err = n.AckAlarms(t.Context(), nil, "seen", "ann")
	}
	if err == nil {
		err = s.roles.look(t.Context())
	}
	if said := alarms(); said != "" || err != nil {
		t.Errorf("said all the same: %q: %v", said, err)
	}
}
