package node

import (
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// What a new primary decided upon slots of before it had the role is counted,
// and what is its own is not.
func TestReviewed(t *testing.T) {
	n := initialized(t)
	self, err := n.TakeOver(t.Context(), Takeover{Seen: 8, Actor: "ann", Proof: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.Reviewed(t.Context(), self.Since); err != nil || got != (Reviewed{}) || got.String() != "no slot is left of before" {
		t.Errorf("%v, %v", got, err)
	}
	claim := func(name string, slot record.Instant, state RunState, trigger, reason string) Claim {
		return Claim{Timetable: name, Name: name, Slot: slot, Attempt: 1, Trigger: trigger, State: state, Reason: reason, Role: Primary}
	}
	_, err = n.ClaimRuns(t.Context(), self.Epoch, []Claim{
		claim("a", 1, RunClaimed, "promotion", ""), claim("b", 1, RunMissed, "schedule", "role"), claim("b", 2, RunMissed, "schedule", "role"),
		claim("c", 1, RunMissed, "schedule", "in-doubt"), claim("d", 1, RunMissed, "schedule", "down"),
		claim("a", self.Since+1, RunMissed, "schedule", "role"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.Reviewed(t.Context(), self.Since)
	if want := (Reviewed{Run: 1, Skipped: 2, Doubt: 1}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReviewedIsASentence(t *testing.T) {
	for want, r := range map[string]Reviewed{
		"no slot is left of before":                                           {},
		"of the slots of before 1 runs here":                                  {Run: 1},
		"of the slots of before 1 is skipped":                                 {Skipped: 1},
		"of the slots of before 4 are skipped and 1 is in doubt":              {Skipped: 4, Doubt: 1},
		"of the slots of before 2 run here, 1 is skipped and 12 are in doubt": {Run: 2, Skipped: 1, Doubt: 12},
	} {
		if got := r.String(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}
