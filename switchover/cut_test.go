package switchover

import (
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
