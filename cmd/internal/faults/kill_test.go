package faults

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/history"
)

// TestKill is the quick form of TestRealKill200.
func TestKill(t *testing.T) {
	t.Parallel()
	times := killUnderLoad(t, 10)
	t.Logf("collecting again after %s at most", slices.Max(times))
}

// killUnderLoad kills a server with two feeds that many times, at random
// moments of its starting and running, and proves that nothing it ever showed
// is lost, nothing is there twice, and what is missing stands in the gap list.
// It returns how soon the server collected again each time.
func killUnderLoad(t *testing.T, kills int) (again []time.Duration) {
	t.Helper()
	calls, file := newSpeaker(t), newWriter(t)
	s := newServer(t, calls.section("calls"), file.section("file"))
	readers := map[string]*follower{"calls": s.follow("calls"), "file": s.follow("file")}
	covered := map[string]time.Time{}
	collecting := func() bool { return s.committed("calls") > 0 && s.committed("file") > 0 }
	for i := range kills {
		begun := time.Now()
		s.start()
		if i%4 == 3 { // while it starts
			<-time.After(rand.N(100 * time.Millisecond))
		} else {
			eventually(t, "collecting again", collecting)
			again = append(again, time.Since(begun))
			<-time.After(rand.N(250 * time.Millisecond))
		}
		s.kill()
		s.neverBack(covered)
	}
	s.start()
	eventually(t, "collecting again", collecting)
	file.stop()
	eventually(t, "the whole file is collected", func() bool { return s.feed("file").Records == int64(len(file.lines())) })
	s.stop()
	s.neverBack(covered)

	if f := s.feed("file"); f.Duplicates != 0 {
		t.Errorf("file: %d duplicates: something was read twice", f.Duplicates)
	}
	held := s.export("file")
	if diff := cmp.Diff(file.lines(), inOrder(held)); diff != "" {
		t.Errorf("the file's lines (-) are not what is stored (+):\n%s", diff)
	}
	mustHold(t, held, readers["file"].all())
	held = s.export("calls")
	mustHold(t, held, readers["calls"].all())
	mustExplain(t, calls.lines(), held, s.gaps("calls"))
	return again
}

// neverBack holds the coverage of each feed against what it was before.
func (s *server) neverBack(covered map[string]time.Time) {
	s.t.Helper()
	for _, f := range s.status().Feeds {
		if f.CoveredUntil == nil {
			continue
		}
		now := f.CoveredUntil.Time()
		if now.Before(covered[f.Name]) {
			s.t.Errorf("%s: covered until %s, before it was %s", f.Name, now, covered[f.Name])
		}
		covered[f.Name] = now
	}
}

// inOrder returns the raw lines by their number.
func inOrder(rows []shown) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.Raw
	}
	slices.SortFunc(lines, func(a, b string) int { return numberOf(a) - numberOf(b) })
	return lines
}

// mustHold demands that everything that was ever shown is held, and nothing twice.
func mustHold(t *testing.T, held, seen []shown) {
	t.Helper()
	has := map[shown]bool{}
	lines := map[string]bool{}
	for _, r := range held {
		if has[r] || lines[r.Raw] {
			t.Fatalf("held twice: %+v", r)
		}
		has[r], lines[r.Raw] = true, true
	}
	lost := 0
	for _, r := range seen {
		if !has[r] {
			lost++
			t.Logf("lost: %+v", r)
		}
	}
	if lost > 0 || len(seen) == 0 {
		t.Errorf("%d of %d shown records are lost", lost, len(seen))
	}
}

// mustExplain demands that what is held was said, and that what was said and
// is not held lies in a gap.
func mustExplain(t *testing.T, said []string, held []shown, gaps []history.Gap) {
	t.Helper()
	has := map[string]bool{}
	for _, r := range held {
		has[r.Raw] = true
	}
	missing := 0
	for _, line := range said {
		if has[line] {
			delete(has, line)
			continue
		}
		missing++
		if at := timeOf(line); !slices.ContainsFunc(gaps, func(g history.Gap) bool { return within(g, at) }) {
			t.Errorf("silently lost: %q", line)
		}
	}
	if len(has) > 0 {
		t.Errorf("%d records are held that nobody said", len(has))
	}
	t.Logf("of %d lines %d are missing, all of them in one of %d gaps", len(said), missing, len(gaps))
}

func within(g history.Gap, at time.Time) bool {
	return !at.Before(g.From.Time()) && (g.To == nil || !at.After(g.To.Time()))
}
