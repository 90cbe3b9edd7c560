package node

import (
	"errors"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// A token moves the role at one instant: slots up to it were the giver's, those
// after it are the taker's.
func TestATokenMovesTheRole(t *testing.T) {
	w := newTwins(t)
	token := w.demote(t)
	a := selfOf(t, w.a)
	if a.Role != Secondary || a.OwnsUntil != token.At || a.EpochSeen != 3 || token.Epoch != 3 {
		t.Errorf("%+v gave %+v", a, token)
	}
	again, err := give(t, w.a, demotion(a))
	if err != nil || again != token {
		t.Errorf("once more: %+v, %v", again, err)
	}
	b, err := w.b.Promote(t.Context(), token, "ann")
	if err != nil || b.Role != Primary || b.Epoch != 4 || b.EpochSeen != 4 || b.OwnsFrom != token.At || b.Since < token.At {
		t.Fatalf("%+v, %v", b, err)
	}
	if again, err := w.b.Promote(t.Context(), token, "ann"); err != nil || again != b {
		t.Errorf("once more: %+v, %v", again, err)
	}
	if err := w.b.VoidToken(t.Context(), token, "ann"); !errors.Is(err, ErrToken) {
		t.Errorf("void what was taken: %v", err)
	}
	see(t, w.a, 4)
	if _, err := w.a.TakeBack(t.Context(), token.ID, "ann"); !errors.Is(err, ErrToken) {
		t.Errorf("take back what was taken: %v", err)
	}
	// Home again, and the first token is worth nothing more.
	home, err := give(t, w.b, Demotion{Runbook: "s", Epoch: 4, Actor: "ann", At: record.At(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = w.a.Promote(t.Context(), home, "ann"); err != nil || a.Epoch != 5 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := w.b.Promote(t.Context(), token, "ann"); !errors.Is(err, ErrToken) {
		t.Errorf("replayed: %v", err)
	}
	if acts, err := w.b.Audited(t.Context(), 0, 100); err != nil || len(acts) != 3 {
		t.Errorf("%d acts, %v", len(acts), err)
	}
}

// A role goes straight back though the clock of the one that gave it is ahead.
func TestARoleGoesBackBeforeItsTime(t *testing.T) {
	w := newTwins(t)
	token := w.demote(t)
	ahead := token
	ahead.At = token.At.Add(time.Minute)
	b, err := w.b.Promote(t.Context(), ahead, "ann")
	if err != nil {
		t.Fatal(err)
	}
	d := demotion(b)
	d.Runbook = "s"
	if err := w.b.Drain(t.Context(), d.Runbook, time.Minute); err != nil {
		t.Fatal(err)
	}
	if back, err := w.b.Demote(t.Context(), d); err != nil || back.At != ahead.At || selfOf(t, w.b).OwnsUntil != ahead.At {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	w := newTwins(t)
	token := w.demote(t)
	for name, spoil := range map[string]func(*Token){
		"of no id":          func(t *Token) { t.ID = "" },
		"of another pair":   func(t *Token) { t.Pair = "q" },
		"of another giver":  func(t *Token) { t.Giver = "x" },
		"for another":       func(t *Token) { t.Taker = "x" },
		"of an old epoch":   func(t *Token) { t.Epoch = 1 },
		"of our own epochs": func(t *Token) { t.Epoch = 4 },
		"of a vast epoch":   func(t *Token) { t.Epoch = MaxTold + 1 },
		"of no time":        func(t *Token) { t.At = 0 },
		"of tomorrow":       func(t *Token) { t.At = t.At.Add(24 * time.Hour) },
	} {
		bad := token
		spoil(&bad)
		if _, err := w.b.Promote(t.Context(), bad, "ann"); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := token
	late.ID, late.Mark = "late", 1
	if _, err := w.b.Promote(t.Context(), late, "ann"); !errors.Is(err, ErrRunState) {
		t.Errorf("of runs that were not told: %v", err)
	}
	if err := w.b.VoidToken(t.Context(), token, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.b.Promote(t.Context(), token, "ann"); !errors.Is(err, ErrToken) {
		t.Errorf("a void one: %v", err)
	}
	if b := selfOf(t, w.b); b.Role != Secondary || b.EpochSeen != 3 {
		t.Errorf("%+v", b)
	}
	if a, err := w.a.TakeBack(t.Context(), token.ID, "ann"); err != nil || a.Epoch != 5 || a.OwnsFrom != token.At {
		t.Errorf("%+v, %v", a, err)
	}
}

// What is given away has a row for every slot, and nothing that needs the role
// is left to end.
func TestDemotionSettlesTheLedger(t *testing.T) {
	w := newTwins(t)
	role := func(c Claim) Claim { c.Role = Primary; return c }
	claimed := claimOne(t, w.a, 3, role(hourly(1, RunClaimed)))
	begun := claimOne(t, w.a, 3, role(hourly(2, RunClaimed)))
	if err := w.a.StartRun(t.Context(), begun.ID); err != nil {
		t.Fatal(err)
	}
	d := demotion(selfOf(t, w.a))
	handed := role(hourly(3, RunMissed))
	handed.Reason = "handed-over"
	d.Claims, d.Drop, d.Reason = []Claim{handed}, []int64{claimed.ID}, handed.Reason
	if _, err := give(t, w.a, d); !errors.Is(err, ErrRunState) {
		t.Fatalf("while one goes on: %v", err)
	}
	if r, err := w.a.Run(t.Context(), claimed.ID); err != nil || r.State != RunClaimed {
		t.Errorf("%+v, %v", r, err)
	}
	if err := w.a.EndRun(t.Context(), begun.ID, RunEnd{State: RunOK}); err != nil {
		t.Fatal(err)
	}
	token, err := give(t, w.a, d)
	if err != nil {
		t.Fatal(err)
	}
	page, err := w.a.RunChanges(t.Context(), 0, 100)
	if err != nil || len(page.Rows) != 3 || page.Through != token.Mark {
		t.Fatalf("%+v, %v, mark %d", page, err, token.Mark)
	}
	for _, r := range page.Rows {
		if r.Slot != begun.Slot && (r.State != RunMissed || r.Reason != "handed-over") {
			t.Errorf("%+v", r)
		}
	}
	if _, err := w.b.Promote(t.Context(), token, "ann"); !errors.Is(err, ErrRunState) {
		t.Errorf("before they were told: %v", err)
	}
	if err := w.b.KeepTwinRuns(t.Context(), selfOf(t, w.a).Server, page); err != nil {
		t.Fatal(err)
	}
	if _, err := w.b.Promote(t.Context(), token, "ann"); err != nil {
		t.Error(err)
	}
}
