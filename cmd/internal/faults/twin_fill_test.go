package faults

import (
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
)

// spoken is how many lines are said while a server is away.
const spoken = 3000

// missed lets the hall speak on until n more lines were said.
func (h *hall) missed(t *testing.T, n int) {
	t.Helper()
	n += len(h.lines())
	eventually(t, "more is said", func() bool { return len(h.lines()) >= n })
}

// TestTwinFills stops one twin under load and starts it again: what it did not
// hear it takes from the other by itself.
func TestTwinFills(t *testing.T) {
	t.Parallel()
	w, calls := hearing(t, 1000)
	calls.missed(t, spoken)
	w.b.stop()
	calls.missed(t, spoken)
	w.b.start()
	eventually(t, "hearing again", func() bool { return w.b.committed("calls") > 0 })
	took := eventually(t, "the gap is filled", func() bool {
		gaps := w.b.gaps("calls")
		return len(gaps) > 0 && !w.b.open("calls")
	})
	t.Logf("filled %s after it heard again", took.Round(100*time.Millisecond))
	eventually(t, "the fill is in the audit", func() bool { return w.b.audited("fill") })
	w.nothingLeft()
	w.equal()
	w.a.undisturbed("calls")
	w.b.undisturbed("calls")
	for _, g := range w.b.gaps("calls") {
		if g.State != history.GapFilled || g.Reason != "stopped" || g.Records == 0 {
			t.Errorf("gap %+v, want it filled", g)
		}
	}
	if gaps := w.a.gaps("calls"); len(gaps) != 0 {
		t.Errorf("a server that was never away has gaps: %+v", gaps)
	}
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines())
}

// TestTwinFillsWhileAGapLasts has one twin hear nothing, and reads there what
// the other hears.
func TestTwinFillsWhileAGapLasts(t *testing.T) {
	t.Parallel()
	w, calls := hearing(t, 500)
	eventually(t, "both hear", func() bool { return w.a.committed("calls") > 0 && w.b.committed("calls") > 0 })
	w.b.proves("calls", time.Now()) // before now one may have heard alone, and have it back from nobody
	ctl(t, "feed", "pause", "calls", "--config", w.b.config)
	calls.missed(t, spoken)
	said := len(calls.lines())
	eventually(t, "what the twin heard is here", func() bool { return w.b.feed("calls").Records >= int64(said) })
	gaps := w.b.gaps("calls")
	if len(gaps) != 1 || gaps[0].To != nil || gaps[0].State != history.GapOpen || gaps[0].Records == 0 {
		t.Errorf("gaps %+v, want one that lasts", gaps)
	}
	ctl(t, "feed", "resume", "calls", "--config", w.b.config)
	eventually(t, "the gap is filled", func() bool {
		gaps := w.b.gaps("calls")
		return len(gaps) == 1 && gaps[0].State == history.GapFilled
	})
	w.a.undisturbed("calls")
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines())
}

// audited tells whether the audit holds such a verb, and is whole.
func (s *server) audited(verb string) bool {
	s.t.Helper()
	ctl(s.t, "audit", "verify", "--config", s.config)
	out := ctl(s.t, "audit", "list", "--json", "--config", s.config)
	for _, e := range decode[struct{ Acts []struct{ Verb string } }](s.t, out).Acts {
		if e.Verb == verb {
			return true
		}
	}
	return false
}

// bothMiss has each twin miss what the other heard, while they cannot reach
// each other.
func (w *twins) bothMiss(h *hall) {
	w.t.Helper()
	w.toA.become(cut)
	w.toB.become(cut)
	for _, s := range []*server{w.a, w.b} {
		s.stop()
		h.missed(w.t, spoken)
		s.start()
		eventually(w.t, "hearing again", func() bool { return s.committed("calls") > spoken/2 })
	}
}

// TestTwinFillsBothWays has each twin miss something, and then either one
// person ask for a fill of both, or both fill at the same time.
func TestTwinFillsBothWays(t *testing.T) {
	t.Parallel()
	w, calls := hearing(t, 1000)

	w.bothMiss(calls)
	w.toA.become(free)
	w.toB.become(free)
	eventually(t, "a fill of both", func() bool {
		done, exit, said := w.a.fill("--both")
		if exit == 0 && done.Twin == nil {
			t.Error("the answer does not tell what the twin filled")
		}
		if exit != 0 && exit != 5 {
			t.Fatalf("fill --both: exit status %d: %s", exit, said)
		}
		return exit == 0 && !w.a.open("calls") && !w.b.open("calls")
	})
	w.equal()

	w.bothMiss(calls)
	w.toA.become(free)
	w.toB.become(free)
	var both sync.WaitGroup
	for _, s := range []*server{w.a, w.b} {
		both.Go(func() {
			for begun := time.Now(); time.Since(begun) < patience; pause(t.Context(), 100*time.Millisecond) {
				if _, exit, _ := s.fill(); exit == 0 && !s.open("calls") {
					return
				}
			}
			t.Errorf("%s is not filled", s.name)
		})
	}
	both.Wait()
	w.equal()
	w.nothingLeft()
	calls.rate.Store(0)
	w.hasAll("calls", calls.lines())
}
