package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// A ward is a secondary whose primary does badly.
type ward struct {
	*testing.T
	node   *node.DB
	vitals Vitals
	away   error             // nobody reaches the twin
	fence  func(*ward) error // what becomes of a fence; nil: it works
	fenced int
}

func newWard(t *testing.T) *ward {
	t.Helper()
	n, err := node.Open(t.Context(), filepath.Join(t.TempDir(), node.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := n.Init(t.Context(), "cms-b", node.Secondary); err != nil {
		t.Fatal(err)
	}
	err = n.SetPair(t.Context(), func(self node.Self, _ *node.Pair) (node.Pairing, error) {
		p := node.Pair{Pair: "P", Server: "A", Name: "cms-a", Address: "twin@a:22", PublicKey: "k", HostKey: "h"}
		return node.Pairing{Pair: p, Epoch: self.Epoch, Seen: 1, Act: node.Act{Actor: "ann", Verb: "pair.accept"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &ward{T: t, node: n, vitals: Vitals{Name: "cms-a", Server: "A", Role: node.Primary, Epoch: 1, Seen: 1, PID: 7, Store: StoreOK}}
}

// Call implements Caller for the twin.
func (w *ward) Call(_ context.Context, verb string, args, answer any) error {
	switch {
	case w.away != nil:
		return errors.Join(ErrAway, w.away)
	case verb == VerbFence:
		w.fenced++
		if w.fence != nil {
			return w.fence(w)
		}
		q := args.(FenceQuestion)
		w.vitals.Fence, w.vitals.PID, w.vitals.Harmless = &Fence{Server: q.Server, Epoch: q.Epoch, By: q.By}, 0, "gone"
		*answer.(*Fenced) = Fenced{Fence: *w.vitals.Fence, PID: 7, Twind: TwindKilled}
		return nil
	}
	return errors.Join(ErrAway, errors.New("its files cannot be used"))
}

// hands are those of the server that takes the role.
type hands struct{ *ward }

func (hands) Demote(context.Context, string, int64, string) (node.Token, error) {
	return node.Token{}, errors.New("nobody asks for that")
}
func (hands) Cancel(context.Context, bool, string) (int, error) { return 0, nil }

func (h hands) Probe(ctx context.Context, _ string) (node.Run, error) {
	self, err := h.node.Self(ctx)
	return node.Run{ID: 1, State: node.RunOK, Epoch: self.Epoch}, err
}

func (w *ward) run(said Attestation) (Promoted, error) {
	here := Handler{
		Node: w.node, Asker: "cms-b", Hands: hands{w},
		Hook: func(context.Context, node.Runbook, HookQuestion) (Hooked, error) { return Hooked{}, nil },
	}
	return Promotion{
		Node: w.node, Here: Side{"cms-b", Local{here}}, There: Side{"cms-a", w}, Now: time.Now, Say: func(string, string) {},
		Look: func(ctx context.Context) (Own, Sight, error) {
			self, err := w.node.Self(ctx)
			return Own{Name: "cms-b", Primary: self.Role == node.Primary, Epoch: self.Epoch, TwinHeard: -1}, Sight{Name: "cms-a", Away: w.away, Vitals: w.vitals}, err
		},
	}.Run(w.Context(), PromoteWish{ID: "r" + time.Now().Format(time.RFC3339Nano), Actor: "ann", Reason: said.Reason, Down: said.Name})
}

// is demands what this server is then, and that no move is open.
func (w *ward) is(role node.Role, epoch int64) {
	w.Helper()
	self, err := w.node.Self(w.Context())
	if err != nil || self.Role != role || self.Epoch != epoch {
		w.Errorf("%s, epoch %d, %v; want %s, epoch %d", self.Role, self.Epoch, err, role, epoch)
	}
	if book, err := w.node.Runbook(w.Context(), ""); err == nil && book.State == node.RunbookOpen {
		w.Errorf("%s of %s is open", book.Intent, book.Actor)
	}
}

func TestPromoteAFrozenPrimary(t *testing.T) {
	w := newWard(t)
	if _, err := w.run(Attestation{}); !errors.Is(err, ErrAlive) {
		t.Errorf("while it works: %v", err)
	}
	w.is(node.Secondary, 0)
	w.vitals.SilentS = 60
	done, err := w.run(Attestation{})
	if err != nil || done.Outcome != OutcomeDone || done.Epoch != 2 || w.fenced != 1 || done.Fenced == nil || done.Fenced.Fence.Epoch != 2 || done.Acked {
		t.Errorf("%+v, %v", done, err)
	}
	w.is(node.Primary, 2)
	again, err := w.run(Attestation{})
	if err != nil || again.Outcome != OutcomeAlready || again.Epoch != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
	w.is(node.Primary, 2)
}

// Who cannot be fenced is as one that nobody reaches.
func TestAFenceThatFails(t *testing.T) {
	for name, fails := range map[string]func(*ward) error{
		"refused":         func(*ward) error { return errors.New("no room") },
		"does not answer": func(*ward) error { return ErrAway },
		"in vain": func(w *ward) error { // it says that it did, and nothing is to be seen of it
			return nil
		},
	} {
		w := newWard(t)
		w.vitals.Store, w.fence = StoreFailed, fails
		if done, err := w.run(Attestation{}); !errors.Is(err, ErrNoProof) || done.Outcome != OutcomeFailed {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
		w.is(node.Secondary, 0)
		done, err := w.run(Attestation{"cms-a", "its plug is pulled"})
		if err != nil || !done.Ruling.Attested || done.Fenced != nil || len(done.Override) != 1 {
			t.Errorf("%s, and a person knows: %+v, %v", name, done, err)
		}
		w.is(node.Primary, 2)
	}
}

// A move that halted is no reason to be without a primary.
func TestPromoteEndsWhatHalted(t *testing.T) {
	w := newWard(t)
	w.away = errors.New("unreachable")
	old := node.Runbook{
		ID: "old", Intent: node.IntentSwitchover, Giver: "cms-a", Taker: "cms-b", Actor: "bob", Runner: "cms-b",
		Options: json.RawMessage(`{}`), Result: json.RawMessage(`{}`),
	}
	if err := w.node.OpenRunbook(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(Attestation{}); !errors.Is(err, ErrNoProof) {
		t.Errorf("%v", err)
	}
	if book, err := w.node.Runbook(t.Context(), ""); err != nil || book.State != node.RunbookOpen {
		t.Errorf("what halted was touched though nothing was done: %+v, %v", book, err)
	}
	if _, err := w.run(Attestation{"cms-a", "it burns"}); err != nil {
		t.Error(err)
	}
	w.is(node.Primary, 2)
	if book, err := w.node.Runbook(t.Context(), "old"); err != nil || book.State != node.RunbookFailed {
		t.Errorf("%+v, %v", book, err)
	}
	all, err := w.node.Runbooks(t.Context(), 10)
	if err != nil || len(all) != 2 || all[0].Intent != node.IntentPromote || all[0].State != node.RunbookDone {
		t.Errorf("%+v, %v", all, err)
	}

	other := newWard(t) // whose runner is alive
	other.away = w.away
	old.Runner = "cms-a"
	if err := other.node.OpenRunbook(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := other.run(Attestation{"cms-a", "it burns"}); !errors.Is(err, node.ErrRunbook) {
		t.Errorf("%v", err)
	}
}
