package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// While a move stands open a person may take the role by force. Then it is over,
// whoever takes it up again and wherever it stood; it does not stand open for ever,
// nor is it said to be done.
func TestAMoveIsOverOnceTheRoleWasTaken(t *testing.T) {
	for name, last := range map[string]*lastWord{
		"nobody was primary": {verb: VerbPromote},
		"it was promoted":    {verb: VerbPromote, done: true},
		"all was done":       {verb: VerbEnd},
	} {
		for _, aborted := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				last := &lastWord{verb: last.verb, done: last.done}
				if _, err := p.runner(p.b, last.wrap).Switch(t.Context(), wish("x")); !errors.Is(err, ErrHalted) {
					t.Fatalf("%s: %v", name, err)
				}
				seen := p.b.self().EpochSeen
				self, err := p.a.node.TakeOver(t.Context(), node.Takeover{Seen: seen, Actor: "ann", Reason: "it is gone"})
				if err == nil {
					_, err = p.b.node.Seen(t.Context(), self.Epoch)
				}
				if err == nil {
					_, err = p.b.node.StepDown(t.Context(), "cms-b")
				}
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(node.RunnerLost + time.Second)
				end := p.runner(p.a, plainly).Resume
				if aborted {
					end = p.runner(p.a, plainly).Abort
				}
				if r, err := end(t.Context(), "bob"); !errors.Is(err, ErrOvertaken) || r.Outcome != OutcomeFailed || r.Primary != "cms-a" {
					t.Errorf("%s, aborted %v: %+v, %v", name, aborted, r, err)
				}
				if is, state := p.settled("x"); is != p.a || state != node.RunbookFailed {
					t.Errorf("%s, aborted %v: %s is primary, and it is %s", name, aborted, is.name, state)
				}
			})
		}
	}
}

// A lastWord is the verb at which a runner dies: before it is done, or when it
// was.
type lastWord struct {
	verb string
	done bool

	mu   sync.Mutex
	said bool
}

func (l *lastWord) wrap(to Caller) Caller { return lastCaller{l, to} }

type lastCaller struct {
	*lastWord
	to Caller
}

// Call implements Caller.
func (l lastCaller) Call(ctx context.Context, verb string, args, answer any) error {
	l.mu.Lock()
	first := verb == l.verb && !l.said
	l.said = l.said || first
	said := l.said
	l.mu.Unlock()
	switch {
	case !said:
		return l.to.Call(ctx, verb, args, answer)
	case first && l.done:
		var lost json.RawMessage
		_ = l.to.Call(ctx, verb, args, &lost)
	}
	return errDead
}
