package switchover

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func TestTheRoleGoesOverAndHomeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		r, err := p.runner(p.b, plainly).Switch(t.Context(), wish("over")) // typed on the secondary
		if err != nil || r.Outcome != OutcomeDone || r.Primary != "cms-b" || r.Epoch != 2 || r.Was != 1 || r.GapMS == nil {
			t.Fatalf("%+v, %v", r, err)
		}
		if is, state := p.settled("over"); is != p.b || state != node.RunbookDone {
			t.Errorf("%s is primary, and it is %s", is.name, state)
		}
		if self := p.b.self(); self.OwnsFrom != r.CutOver || p.a.self().OwnsUntil != r.CutOver {
			t.Errorf("cut-over at %v: %+v, %+v", r.CutOver, self, p.a.self())
		}
		w := wish("again")
		w.To = "cms-b"
		if r, err := p.runner(p.a, plainly).Switch(t.Context(), w); err != nil || r.Outcome != OutcomeAlready || r.Epoch != 2 {
			t.Errorf("to who has it: %+v, %v", r, err)
		}
		home := wish("home")
		home.Intent = node.IntentFailback
		if r, err := p.runner(p.a, plainly).Switch(t.Context(), home); !errors.Is(err, ErrBlocked) || !strings.Contains(r.Text, "calm") {
			t.Errorf("home at once: %+v, %v", r, err)
		}
		time.Sleep(31 * time.Minute)
		home.ID = "home at last"
		if r, err := p.runner(p.a, plainly).Switch(t.Context(), home); err != nil || r.Primary != "cms-a" || r.Epoch != 3 {
			t.Errorf("home: %+v, %v", r, err)
		}
		p.settled("home at last")
		want := []string{"pre_switch", "pre_demote", "post_demote", "post_switch", "on_failed", "pre_switch", "pre_promote", "post_promote", "post_switch"}
		if !slices.Equal(p.a.called, want) {
			t.Errorf("on cms-a was called %q", p.a.called)
		}
	})
}

// Until the role was given away whatever fails is undone, and the primary drains
// no longer.
func TestWhatFailsIsUndone(t *testing.T) {
	refusal := errors.New("two rows to choose about")
	for name, c := range map[string]struct {
		break_ func(p *pair)
		want   error
		says   string
		epoch  int64 // of cms-a then
	}{
		"hook before":        {func(p *pair) { p.b.hooks[hookPreSwitch] = "no" }, ErrRolledBack, "hook pre_switch: no", 1},
		"sync":               {func(p *pair) { p.a.synced = refusal }, ErrRolledBack, refusal.Error(), 1},
		"hook of the giver":  {func(p *pair) { p.a.hooks[hookPreDemote] = "no" }, ErrRolledBack, "cms-a is primary still, epoch 1", 1},
		"a run that goes on": {func(p *pair) { p.a.runs(t) }, ErrRolledBack, "run 1 of nightly since", 1},
		"hook of the taker":  {func(p *pair) { p.b.hooks[hookPrePromote] = "no" }, ErrRolledBack, "cms-a is primary again, epoch 3", 3},
		"after it was taken": {func(p *pair) { p.b.probed = errors.New("no engine") }, ErrHalted, "cms-b is primary, epoch 2: probe: cms-b: no engine", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				c.break_(p)
				w := wish("x")
				w.Options.DrainS = 20
				r, err := p.runner(p.a, plainly).Switch(t.Context(), w)
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(r.Text, c.says) {
					t.Fatalf("%+v, %v", r, err)
				}
				if self := p.a.self(); self.Epoch != c.epoch {
					t.Errorf("%+v", self)
				}
				if errors.Is(err, ErrHalted) {
					p.b.probed = nil
					if r, err := p.runner(p.b, plainly).Resume(t.Context(), "bob"); !errors.Is(err, node.ErrRunbook) {
						t.Errorf("while its runner may live: %+v, %v", r, err)
					}
					if r, err := p.runner(p.a, plainly).Resume(t.Context(), "bob"); err != nil || r.Primary != "cms-b" {
						t.Errorf("%+v, %v", r, err)
					}
				}
				if is, state := p.settled("x"); (is == p.a) != (state == node.RunbookRolledBack) {
					t.Errorf("%s is primary, and it is %s", is.name, state)
				}
			})
		})
	}
}

// runs begins a run that needs the role.
func (s *server) runs(t *testing.T) {
	t.Helper()
	now := record.At(time.Now())
	claim := node.Claim{Timetable: "n", Name: "nightly", Slot: now, Attempt: 1, Role: node.Primary, Trigger: "schedule", State: node.RunClaimed}
	claimed, err := s.node.ClaimRuns(context.Background(), s.self().Epoch, []node.Claim{claim})
	if err == nil {
		err = s.node.StartRun(context.Background(), claimed[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRunsThatGoOnMayBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.a.runs(t)
		w := wish("x")
		w.Options.OnRunning = RunningCancel
		r, err := p.runner(p.a, plainly).Switch(t.Context(), w)
		if err != nil || r.Primary != "cms-b" {
			t.Fatalf("%+v, %v", r, err)
		}
		told, err := p.b.node.RunsTold(t.Context())
		token, _, _ := p.a.node.GivenToken(t.Context(), "x")
		if err != nil || token == nil || told.Through < token.Mark || token.Mark == 0 {
			t.Errorf("told up to %+v, %v, of %+v", told, err, token)
		}
	})
}

// Of two that begin at once, from both servers, one wins.
func TestTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		var failed [2]error
		ended := make(chan int)
		for i, s := range []*server{p.a, p.b} {
			go func() {
				_, failed[i] = p.runner(s, plainly).Switch(context.WithoutCancel(t.Context()), wish(s.name))
				ended <- i
			}()
		}
		first, second := <-ended, <-ended
		_, _ = first, second
		won := slices.IndexFunc(failed[:], func(err error) bool { return err == nil })
		if won < 0 || failed[1-won] == nil && p.primary() == p.b {
			t.Fatalf("%v", failed)
		}
		if err := failed[1-won]; err != nil && !errors.Is(err, node.ErrRunbook) {
			t.Errorf("the other one: %v", err)
		}
		p.settled([]string{"cms-a", "cms-b"}[won])
	})
}

func TestAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		if _, err := p.runner(p.a, plainly).Abort(t.Context(), "bob"); !errors.Is(err, node.ErrNoRunbook) {
			t.Errorf("none: %v", err)
		}
		ctx, abort := context.WithCancelCause(t.Context())
		p.a.runs(t)
		go func() {
			time.Sleep(40 * time.Second) // it drains on, over and over
			if self := p.a.self(); !self.Drains(record.At(time.Now())) {
				t.Errorf("%+v", self)
			}
			abort(ErrAborted)
		}()
		r, err := p.runner(p.a, plainly).Switch(ctx, wish("x"))
		if !errors.Is(err, ErrRolledBack) || r.Outcome != OutcomeRolledBack || !strings.HasSuffix(r.Text, " goes on") {
			t.Errorf("%+v, %v", r, err)
		}
		p.settled("x")
	})
}

// What a twin says of a move is held against what a twin can say.
func TestOddAnswers(t *testing.T) {
	p := newPair(t)
	for name, say := range map[string]func(r *Reading){
		"name":    func(r *Reading) { r.Name = "cms-c" },
		"hidden":  func(r *Reading) { r.Name = "cms-b\x1b[2J" },
		"epoch":   func(r *Reading) { r.Seen = 1 << 50 },
		"role":    func(r *Reading) { r.Role = "king" },
		"pair":    func(r *Reading) { r.Pair = "q" },
		"twin":    func(r *Reading) { r.Twin = "x" },
		"runs":    func(r *Reading) { r.Going = make([]Going, maxGoing+1) },
		"instant": func(r *Reading) { r.Since = -1 },
	} {
		odd := func(c Caller) Caller { return says{c, say} }
		run := p.runner(p.a, plainly)
		run.There.Caller = odd(run.There.Caller)
		if r, err := run.Switch(t.Context(), wish("x")); !errors.Is(err, ErrOdd) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if is := p.primary(); is != p.a || is.self().Epoch != 1 {
		t.Errorf("%+v", is.self())
	}
}

// says has a server say something else than it would.
type says struct {
	Caller
	say func(*Reading)
}

func (s says) Call(ctx context.Context, verb string, args, answer any) error {
	err := s.Caller.Call(ctx, verb, args, answer)
	if r, ok := answer.(*Reading); ok && err == nil {
		s.say(r)
	}
	return err
}

func TestWhatIsAskedWrongly(t *testing.T) {
	p := newPair(t)
	h := p.b.handler("cms-a")
	for _, q := range []struct {
		verb, args string
		want       error
	}{
		{"role.else", `{"runbook":"x"}`, node.ErrNoRunbook},
		{VerbRead, `{"runbook":1}`, ErrQuestion},
		{VerbRead, `{"seen":` + "1099511627776" + `}`, node.ErrEpoch},
		{VerbDemote, `{"runbook":"x","epoch":1}`, node.ErrNoRunbook},
		{VerbOpen, `{"id":"x","intent":"switchover","giver":"cms-a","taker":"cms-b","actor":"ann","options":{}}`, nil},
		{"role.else", `{"runbook":"x"}`, ErrVerb},
		{VerbDemote, `{"runbook":"x","epoch":1}`, node.ErrRole},
		{VerbPromote, `{"runbook":"x","token":{"id":"t","runbook":"y"}}`, node.ErrToken},
		{VerbPromote, `{"runbook":"x","token":{"id":"t","runbook":"x","pair":"q","giver":"a","taker":"b","epoch":1,"at":"2026-11-21T08:00:00Z"}}`, node.ErrToken},
		{VerbNote, `{"runbook":"x","notes":[{"seq":0,"step":"x"}]}`, errAny},
		{VerbNote, `{"runbook":"x","notes":[{"seq":1,"step":"a\u001b"}]}`, errAny},
	} {
		_, err := h.Answer(t.Context(), q.verb, json.RawMessage(q.args))
		if q.want == errAny && err != nil {
			continue
		}
		if !errors.Is(err, q.want) {
			t.Errorf("%s %s: %v, want %v", q.verb, q.args, err, q.want)
		}
	}
	another := p.b.handler("cms-b")
	if _, err := another.Answer(t.Context(), VerbNote, json.RawMessage(`{"runbook":"x"}`)); !errors.Is(err, node.ErrRunbook) {
		t.Errorf("of who is not its runner: %v", err)
	}
}

var errAny = errors.New("any")
