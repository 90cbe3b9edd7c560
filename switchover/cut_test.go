package switchover

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/node"
)

// atCalls is more than one move asks.
const atCalls = 60

// Wherever a conversation breaks off, with the answer lost or not, and the runner
// dead or not: it is resumed or aborted, on either server, and then one of the two
// is primary and the journals are closed. There never were two.
func TestACutAnywhereIsGoneOnWith(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := cut{at: rapid.IntRange(1, atCalls).Draw(rt, "call"), done: rapid.Bool().Draw(rt, "done"), forgot: rapid.Bool().Draw(rt, "dead")}
		breakOff(t, &c, rapid.Bool().Draw(rt, "run on the giver"), rapid.Bool().Draw(rt, "gone on with on the giver"), rapid.Bool().Draw(rt, "aborted"))
	})
}

func breakOff(t *testing.T, c *cut, onGiver, after, aborted bool) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		c.pair, c.calls = p, 0
		pick := func(giver bool) *server {
			if giver {
				return p.a
			}
			return p.b
		}
		_, err := p.runner(pick(onGiver), c.wrap).Switch(t.Context(), wish("x"))
		if open(t, p) {
			if err == nil {
				t.Errorf("it is open, and is said to be done")
			}
			time.Sleep(node.RunnerLost + time.Second)
			run := p.runner(pick(after), plainly)
			end := run.Resume
			if aborted {
				end = run.Abort
			}
			if _, err := end(t.Context(), "bob"); err != nil && !errors.Is(err, ErrRolledBack) {
				t.Fatalf("cut at %d, %v; then: %v", c.at, err, err)
			}
		}
		if _, err := p.a.node.Runbook(t.Context(), "x"); errors.Is(err, node.ErrNoRunbook) {
			if is := p.primary(); is != p.a {
				t.Errorf("it never began, and %v is primary", is)
			}
			return
		}
		p.settled("x")
	})
}

// A promotion whose server died in it can be ended on either, once both answer:
// the role stays where it is.
func TestAPromotionThatHaltedIsEnded(t *testing.T) {
	for _, taken := range []bool{false, true} {
		for _, copied := range []bool{false, true} { // whether the other one has its journal
			for _, aborted := range []bool{false, true} {
				endPromotion(t, taken, copied, aborted)
			}
		}
	}
}

func endPromotion(t *testing.T, taken, copied, aborted bool) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		book := node.Runbook{
			ID: "x", Intent: node.IntentPromote, Giver: "cms-a", Taker: "cms-b", Actor: "ann", Runner: "cms-b",
			Options: json.RawMessage(`{}`), Result: json.RawMessage(`{}`),
		}
		err := p.b.node.OpenRunbook(t.Context(), book)
		if copied {
			err = errors.Join(err, p.a.node.OpenRunbook(t.Context(), book))
		}
		outcome, state, is := OutcomeFailed, node.RunbookFailed, p.a
		if taken {
			outcome, state, is = OutcomeDone, node.RunbookDone, p.b
			_, wrong := p.b.node.TakeOver(t.Context(), node.Takeover{Seen: 1, Runbook: "x", Actor: "ann", Reason: "it burns"})
			err = errors.Join(err, wrong)
			if _, wrong := p.a.node.Seen(t.Context(), 2); wrong == nil {
				_, wrong = p.a.node.StepDown(t.Context(), "twind")
				err = errors.Join(err, wrong)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(node.RunnerLost + time.Second)
		end := p.runner(p.a, plainly).Resume
		if aborted {
			end = p.runner(p.b, plainly).Abort
		}
		r, err := end(t.Context(), "bob")
		if err != nil || r.Outcome != outcome || r.Primary != is.name || (r.CutOver != 0) != taken {
			t.Errorf("%+v, %v", r, err)
		}
		if was, ended := p.settled("x"); was != is || ended != state {
			t.Errorf("%s is primary, and it ended as %s", was.name, ended)
		}
		if r, err := p.runner(p.a, plainly).Switch(t.Context(), wish("next")); err != nil || r.Outcome != OutcomeDone {
			t.Errorf("and the next: %+v, %v", r, err)
		}
	})
}

// open tells whether a move is open on one of the two.
func open(t *testing.T, p *pair) bool {
	t.Helper()
	for _, s := range []*server{p.a, p.b} {
		b, err := s.node.Runbook(t.Context(), "")
		if err != nil && !errors.Is(err, node.ErrNoRunbook) {
			t.Fatal(err)
		}
		if err == nil && b.State == node.RunbookOpen {
			return true
		}
	}
	return false
}
