package node

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// twins are two servers that know each other: a is primary by epoch 3, b was
// made the other one and has seen that.
type twins struct{ a, b *DB }

func newTwins(t *testing.T) twins {
	t.Helper()
	w := twins{open(t), open(t)}
	for n, role := range map[*DB]Role{w.a: Primary, w.b: Secondary} {
		if err := n.Init(t.Context(), map[Role]string{Primary: "cms-a", Secondary: "cms-b"}[role], role); err != nil {
			t.Fatal(err)
		}
	}
	a, b := selfOf(t, w.a), selfOf(t, w.b)
	for n, other := range map[*DB]Self{w.a: b, w.b: a} {
		p := twin(other.Server)
		p.Pair.Name, p.Epoch, p.Seen = other.Name, selfOf(t, n).Epoch+2, 3
		paired(t, n, p)
	}
	return w
}

func selfOf(t *testing.T, n *DB) Self {
	t.Helper()
	self, err := n.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return self
}

func (w twins) demote(t *testing.T) Token {
	t.Helper()
	token, err := give(t, w.a, demotion(selfOf(t, w.a)))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// give drains a server, if it is primary, and has it give its role away.
func give(t *testing.T, n *DB, d Demotion) (Token, error) {
	t.Helper()
	if err := n.Drain(t.Context(), d.Runbook, time.Minute); err != nil && !errors.Is(err, ErrRole) {
		t.Fatal(err)
	}
	token, err := n.Demote(t.Context(), d)
	if err := n.Refill(t.Context(), d.Runbook); err != nil {
		t.Fatal(err)
	}
	return token, err
}

func demotion(self Self) Demotion {
	return Demotion{Runbook: "r", Epoch: self.Epoch, Actor: "ann", At: record.At(time.Now())}
}

// Whatever happens to a server in whatever role, it is said here what comes of
// it: "" is that it is refused, and nothing is changed.
func TestEveryRoleMeetsEveryEvent(t *testing.T) {
	var given Token // the one that a gave, where it did
	states := map[string]func(t *testing.T, w twins){
		"primary":    func(*testing.T, twins) {},
		"superseded": func(t *testing.T, w twins) { see(t, w.a, 4) },
		"stepped down": func(t *testing.T, w twins) {
			see(t, w.a, 4)
			if _, err := w.a.StepDown(t.Context(), "twind"); err != nil {
				t.Fatal(err)
			}
		},
		"gave it away": func(t *testing.T, w twins) { given = w.demote(t) },
		"has it back": func(t *testing.T, w twins) {
			given = w.demote(t)
			if _, err := w.a.TakeBack(t.Context(), given.ID, "ann"); err != nil {
				t.Fatal(err)
			}
		},
	}
	token := func(t *testing.T, w twins, epoch int64) Token { // of b, for a
		return Token{ID: "x", Runbook: "s", Pair: "p", Giver: selfOf(t, w.b).Server, Taker: selfOf(t, w.a).Server, Epoch: epoch, At: record.At(time.Now())}
	}
	events := map[string]func(t *testing.T, w twins) error{
		"demote": func(t *testing.T, w twins) error {
			d := demotion(selfOf(t, w.a))
			d.Runbook = "s"
			_, err := give(t, w.a, d)
			return err
		},
		"demote, of before": func(t *testing.T, w twins) error {
			d := demotion(selfOf(t, w.a))
			d.Epoch, d.Runbook = 1, "s"
			_, err := give(t, w.a, d)
			return err
		},
		"demote, not drained": func(t *testing.T, w twins) error {
			d := demotion(selfOf(t, w.a))
			d.Runbook = "s"
			_, err := w.a.Demote(t.Context(), d)
			return err
		},
		"demote again": func(t *testing.T, w twins) error {
			_, err := give(t, w.a, demotion(Self{Epoch: 3}))
			return err
		},
		"promote": func(t *testing.T, w twins) error {
			_, err := w.a.Promote(t.Context(), token(t, w, 4), "ann")
			return err
		},
		"promote, of before": func(t *testing.T, w twins) error {
			_, err := w.a.Promote(t.Context(), token(t, w, 2), "ann")
			return err
		},
		"take over": func(t *testing.T, w twins) error {
			_, err := w.a.TakeOver(t.Context(), Takeover{Actor: "ann", Reason: "fire"})
			return err
		},
		"take back": func(t *testing.T, w twins) error {
			_, err := w.a.TakeBack(t.Context(), given.ID, "ann")
			return err
		},
		"step down": func(t *testing.T, w twins) error {
			stepped, err := w.a.StepDown(t.Context(), "twind")
			if err == nil && !stepped {
				err = errors.New("not superseded")
			}
			return err
		},
		"drain":   func(t *testing.T, w twins) error { return w.a.Drain(t.Context(), "s", time.Minute) },
		"confirm": func(t *testing.T, w twins) error { return w.a.ConfirmRole(t.Context(), 3, "ann") },
	}
	is := func(role Role, epoch int64) string { return fmt.Sprintf("%s %d", role, epoch) }
	want := map[string]map[string]string{ // event: state: what it is then
		"demote":              {"primary": is(Secondary, 3), "has it back": is(Secondary, 5)},
		"demote, of before":   {},
		"demote, not drained": {},
		"demote again":        {"primary": is(Secondary, 3), "gave it away": is(Secondary, 3)},
		"promote":             {"stepped down": is(Primary, 5), "gave it away": is(Primary, 5)},
		"promote, of before":  {},
		"take over": {
			"primary": is(Primary, 3), "superseded": is(Primary, 5), "stepped down": is(Primary, 5),
			"gave it away": is(Primary, 5), "has it back": is(Primary, 5),
		},
		"take back": {"gave it away": is(Primary, 5), "has it back": is(Primary, 5)},
		"step down": {"superseded": is(Secondary, 3)},
		"drain":     {"primary": is(Primary, 3), "has it back": is(Primary, 5)},
		"confirm":   {"primary": is(Primary, 3)},
	}
	for event, do := range events {
		for state, arrive := range states {
			t.Run(event+"/"+state, func(t *testing.T) {
				given = Token{}
				w := newTwins(t)
				arrive(t, w)
				before := selfOf(t, w.a)
				err := do(t, w)
				after := selfOf(t, w.a)
				expected := want[event][state]
				if expected == "" {
					if err == nil || after != before {
						t.Errorf("%v: it was %+v and is %+v", err, before, after)
					}
					return
				}
				if got := is(after.Role, after.Epoch); err != nil || got != expected {
					t.Errorf("%v: it is %s, want %s", err, got, expected)
				}
				if after.Epoch != before.Epoch && after.Epoch <= before.EpochSeen {
					t.Errorf("epoch %d after %d was seen", after.Epoch, before.EpochSeen)
				}
			})
		}
	}
}

func see(t *testing.T, n *DB, epoch int64) {
	t.Helper()
	if _, err := n.Seen(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
}

func TestDrainingHoldsWhatNeedsTheRole(t *testing.T) {
	w := newTwins(t)
	c := hourly(1, RunClaimed)
	c.Role = Primary
	r := claimOne(t, w.a, 3, c)
	if err := w.a.Drain(t.Context(), "r", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := w.a.StartRun(t.Context(), r.ID); !errors.Is(err, ErrDraining) {
		t.Errorf("while it drains: %v", err)
	}
	if err := w.a.Drain(t.Context(), "s", time.Hour); !errors.Is(err, ErrDraining) {
		t.Errorf("of another: %v", err)
	}
	for range 2 {
		if err := w.a.Refill(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.a.StartRun(t.Context(), r.ID); err != nil {
		t.Error(err)
	}
	if err := w.b.Drain(t.Context(), "r", time.Hour); !errors.Is(err, ErrRole) {
		t.Errorf("the secondary: %v", err)
	}
	if err := w.a.Drain(t.Context(), "r", -time.Second); err != nil || selfOf(t, w.a).Drains(record.At(time.Now())) {
		t.Errorf("it does not end by itself: %v", err)
	}
}

// A takeover is by an epoch above all, and the one that comes back steps down.
func TestTheOldPrimaryStepsDown(t *testing.T) {
	w := newTwins(t)
	b, err := w.b.TakeOver(t.Context(), Takeover{Seen: 3, Actor: "ann", Reason: "it burns", Proof: "seen"})
	if err != nil || b.Epoch != 4 || b.Role != Primary {
		t.Fatalf("%+v, %v", b, err)
	}
	see(t, w.a, b.Epoch)
	if stepped, err := w.a.StepDown(t.Context(), "twind"); err != nil || !stepped {
		t.Fatal(stepped, err)
	}
	a := selfOf(t, w.a)
	if a.Role != Secondary || a.Epoch != 3 || a.OwnsUntil == 0 {
		t.Errorf("%+v", a)
	}
	if stepped, err := w.a.StepDown(t.Context(), "twind"); err != nil || stepped {
		t.Error("twice", err)
	}
	if _, err := w.b.TakeOver(t.Context(), Takeover{Seen: MaxTold + 9, Actor: "ann"}); !errors.Is(err, ErrEpoch) {
		t.Errorf("above an epoch that cannot be: %v", err)
	}
}

func TestARoleIsConfirmed(t *testing.T) {
	w := newTwins(t)
	if err := w.a.ConfirmRole(t.Context(), 3, "ann"); err != nil {
		t.Fatal(err)
	}
	if a := selfOf(t, w.a); a.ConfirmedEpoch != 3 || a.ConfirmedAt == 0 {
		t.Errorf("%+v", a)
	}
	for n, epoch := range map[*DB]int64{w.a: 5, w.b: 2} {
		if err := n.ConfirmRole(t.Context(), epoch, "ann"); !errors.Is(err, ErrConfirm) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
}
