package node

import (
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// A server that stepped down knows it, one that gave its role away did not.
func TestSteppedDown(t *testing.T) {
	stepped := func(n *DB) *Stepped {
		t.Helper()
		s, err := n.SteppedDown(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w := newTwins(t)
	for name, n := range map[string]*DB{"a primary": w.a, "one that never was": w.b} {
		if s := stepped(n); s != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	see(t, w.a, 6)
	if _, err := w.a.StepDown(t.Context(), "twind"); err != nil {
		t.Fatal(err)
	}
	s := stepped(w.a)
	if s == nil || s.Epoch != 6 || s.At != selfOf(t, w.a).OwnsUntil {
		t.Fatalf("%+v", s)
	}
	if late, err := w.a.SteppedDown(t.Context(), s.At); late != nil || err != nil {
		t.Errorf("before then: %+v: %v", late, err)
	}
	w = newTwins(t)
	w.demote(t)
	if s := stepped(w.a); s != nil {
		t.Errorf("it gave its role away: %+v", s)
	}
}

// The role came in order by a token that was taken, or that is void.
func TestHanded(t *testing.T) {
	handed := func(n *DB, want bool, when string) {
		t.Helper()
		if got, err := n.Handed(t.Context()); got != want || err != nil {
			t.Errorf("%s: %t: %v", when, got, err)
		}
	}
	w := newTwins(t)
	handed(w.a, false, "from the first")
	token := w.demote(t)
	handed(w.a, false, "given away")
	if err := w.b.VoidToken(t.Context(), token, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.a.TakeBack(t.Context(), token.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	handed(w.a, true, "taken back")
	w = newTwins(t)
	token = w.demote(t)
	if _, err := w.b.Promote(t.Context(), token, "ann"); err != nil {
		t.Fatal(err)
	}
	handed(w.b, true, "taken")
	see(t, w.b, 5)
	if _, err := w.b.TakeOver(t.Context(), Takeover{Seen: 5, Actor: "ann", Reason: "it is down"}); err != nil {
		t.Fatal(err)
	}
	handed(w.b, false, "taken over")
}

// What began on both is found, and what was run again on purpose is not.
func TestDoubled(t *testing.T) {
	n := open(t)
	if err := n.Init(t.Context(), "cms-b", Primary); err != nil {
		t.Fatal(err)
	}
	marry(t, n, "A", "cms-a")
	const minute = 60 * record.Second
	var page RunPage
	for i, c := range []struct {
		slot          record.Instant
		own, told     string // triggers
		state, reason string // of the one there
		here          bool   // it began here
	}{
		{1 * minute, "schedule", "schedule", "ok", "", true},
		{2 * minute, "promotion", "schedule", "ok", "", true},
		{3 * minute, "promotion", "schedule", "interrupted", "down", true},
		{4 * minute, "promotion", "schedule", "cancelled", "role", true},
		{5 * minute, "schedule", "schedule", "cancelled", "role", true},
		{6 * minute, "manual", "schedule", "ok", "", true},
		{7 * minute, "schedule", "schedule", "ok", "", false},
		{8 * minute, "backfill", "schedule", "failed", "", true},
		{9 * minute, "backfill", "schedule", "ok", "", true},
	} {
		rows, err := n.ClaimRuns(t.Context(), 1, []Claim{{Timetable: "t", Name: "nightly", Slot: c.slot, Attempt: 1, Trigger: c.own, State: RunClaimed, Role: Primary}})
		if err == nil && c.here {
			err = n.StartRun(t.Context(), rows[0].ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		page.Rows = append(page.Rows, Run{
			ID: int64(i + 1), Server: "cms-a", Timetable: "t", Name: "nightly", Slot: c.slot, Attempt: 1, Epoch: 2, Role: Primary, Trigger: c.told,
			State: RunState(c.state), Reason: c.reason, Planned: c.slot, Started: c.slot, Ended: c.slot + 1, Rev: int64(i + 1),
		})
	}
	keepRuns(t, n, page)
	all, err := n.Doubled(t.Context(), 0, 10)
	if err != nil || len(all) != 4 || all[0].Slot != minute || all[1].Slot != 2*minute || all[2].Slot != 5*minute || all[3].Slot != 9*minute || all[0].Own == 0 || all[0].Theirs == 0 || all[0].Name != "nightly" {
		t.Errorf("%+v: %v", all, err)
	}
	if all, err := n.Doubled(t.Context(), minute, 1); err != nil || len(all) != 1 || all[0].Slot != 2*minute {
		t.Errorf("later, one: %+v: %v", all, err)
	}
}

// A slot is unresolved until another attempt is made at it, or the twin tells
// that it did well there.
func TestUnresolved(t *testing.T) {
	n := open(t)
	if err := n.Init(t.Context(), "cms-b", Primary); err != nil {
		t.Fatal(err)
	}
	marry(t, n, "A", "cms-a")
	claim := func(slot record.Instant, attempt int, reason string) {
		t.Helper()
		_, err := n.ClaimRuns(t.Context(), 1, []Claim{{Timetable: "t", Name: "nightly", Slot: slot, Attempt: attempt, Trigger: "schedule", State: RunMissed, Reason: reason}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for slot := record.Instant(1); slot <= 4; slot++ {
		claim(slot, 1, "in-doubt")
	}
	claim(5, 1, "late")
	claim(2, 2, "late")
	told := func(id int64, state RunState) Run {
		return Run{ID: id, Server: "cms-a", Timetable: "t", Name: "nightly", Slot: record.Instant(id), Attempt: 1, Trigger: "schedule", State: state, Planned: 1, Started: 1, Ended: 2, Rev: id}
	}
	keepRuns(t, n, RunPage{Rows: []Run{told(3, RunOK), told(4, RunFailed)}})
	all, err := n.Unresolved(t.Context(), "in-doubt", 0, 10)
	if err != nil || len(all) != 2 || all[0].Slot != 1 || all[1].Slot != 4 {
		t.Errorf("%+v: %v", all, err)
	}
}

// Who took note of an alarm did so of that time, and of none after it.
func TestAckedSince(t *testing.T) {
	n := open(t)
	none := func(KeptAlarm) ([]Message, error) { return nil, nil }
	if err := n.NoteAlarms(t.Context(), AlarmChange{Raised: []Raised{{Code: "superseded", Severity: "error"}}, Tell: none}); err != nil {
		t.Fatal(err)
	}
	acked := func(since record.Instant) bool {
		t.Helper()
		is, err := n.AckedSince(t.Context(), "superseded", since)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	if acked(0) {
		t.Error("nobody did")
	}
	done, err := n.AckAlarms(t.Context(), nil, "seen", "ann")
	if err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	if !acked(0) || acked(record.Instant(*done[0].Acked)) {
		t.Error("not by its time")
	}
}
