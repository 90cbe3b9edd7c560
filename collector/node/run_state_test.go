package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/store"
)

func TestRunStatesBecome(t *testing.T) {
	for from, want := range map[RunState][]RunState{
		RunClaimed: {RunRunning, RunFailed, RunCancelled, RunInterrupted, RunSkipped, RunMissed},
		RunRunning: {RunOK, RunFailed, RunTimeout, RunCancelled, RunInterrupted},
	} {
		for _, to := range RunStates() {
			if from.Becomes(to) != slices.Contains(want, to) {
				t.Errorf("%s becomes %s: %v", from, to, from.Becomes(to))
			}
		}
	}
	for _, s := range RunStates() {
		if s.Final() == (s == RunClaimed || s == RunRunning) {
			t.Errorf("%s is final: %v", s, s.Final())
		}
		for _, to := range RunStates() {
			if s.Final() && s.Becomes(to) {
				t.Errorf("%s becomes %s", s, to)
			}
		}
	}
}

// Whatever is asked of runs, in any order: each goes the way of its states, a
// final one stays as it is to the last field, and cursors never go back.
func TestARunNeverLeavesAFinalState(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	cases := 0
	rapid.Check(t, func(rt *rapid.T) {
		cases++
		timetable := fmt.Sprint("tt-", cases)
		var through int64
		runs := map[int64]Run{}
		ids := []int64{0}
		read := func(id int64) Run {
			r, err := n.Run(t.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			return r
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			id := rapid.SampledFrom(ids).Draw(rt, "run")
			was := runs[id]
			next := rapid.SampledFrom(RunStates()).Draw(rt, "state")
			var err error
			step := rapid.IntRange(0, 2).Draw(rt, "step")
			switch step {
			case 0:
				c := hourly(rapid.IntRange(0, 3).Draw(rt, "hour"), rapid.SampledFrom([]RunState{RunClaimed, RunSkipped, RunMissed, ""}).Draw(rt, "first"))
				c.Timetable = timetable
				written, err := n.ClaimRuns(t.Context(), self.Epoch, []Claim{c})
				if err != nil {
					rt.Fatal(err)
				}
				for _, r := range written {
					runs[r.ID] = r
					ids = append(ids, r.ID)
				}
				through = max(through, int64(c.Through))
			case 1:
				next = RunRunning
				err = n.StartRun(t.Context(), id)
			case 2:
				err = n.EndRun(t.Context(), id, RunEnd{State: next, Reason: "so"})
			}
			if step == 0 {
				continue
			}
			may := was.State.Becomes(next) && (step == 1 || next.Final())
			switch {
			case id == 0 && !errors.Is(err, ErrNoRun), id != 0 && !may && !errors.Is(err, ErrRunState), may && err != nil:
				rt.Fatalf("%s to %s: %v", was.State, next, err)
			case may:
				is := read(id)
				if is.State != next || is.Rev <= was.Rev || next.Final() != (is.Ended != 0) {
					rt.Fatalf("%+v became %+v", was, is)
				}
				runs[id] = is
			}
		}
		for id, want := range runs {
			if is := read(id); is != want {
				rt.Fatalf("%+v became %+v", want, is)
			}
		}
		if got := count(t, n, `SELECT coalesce(max(through), 0) FROM run_cursor WHERE timetable = ?`, timetable); int64(got) != through {
			rt.Fatalf("the cursor is at %d, want %d", got, through)
		}
	})
}

// Even SQL of a later version that forgets to ask cannot change what ended.
func TestTheFileKeepsWhatEnded(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	r := claimOne(t, n, self.Epoch, hourly(1, RunMissed))
	for _, s := range []string{`UPDATE run SET state = 'ok'`, `UPDATE run SET reason = 'none', rev = rev + 1`} {
		err := n.db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(s)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "never changed") {
			t.Errorf("%s: %v", s, err)
		}
	}
	if is, err := n.Run(t.Context(), r.ID); err != nil || is != r {
		t.Errorf("%+v, %v", is, err)
	}
}

func TestEndRunKeepsWhatIsToldWithinBounds(t *testing.T) {
	n, self := ledgerOf(t, Primary)
	r := claimOne(t, n, self.Epoch, hourly(1, RunClaimed))
	if err := n.StartRun(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	for _, output := range []string{"/etc/passwd", "../../id_ed25519"} {
		if err := n.EndRun(t.Context(), r.ID, RunEnd{State: RunOK, Output: output}); err == nil || !strings.Contains(err.Error(), "not below") {
			t.Errorf("output %q: %v", output, err)
		}
	}
	exit := 3
	end := RunEnd{State: RunFailed, Reason: strings.Repeat("é", maxReason), Exit: &exit, Tail: "x" + strings.Repeat("é", maxTail) + "\xff"}
	if err := n.EndRun(t.Context(), r.ID, end); err != nil {
		t.Fatal(err)
	}
	is, err := n.Run(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if is.Output != RunOutput(r.ID) || *is.Exit != 3 || len(is.Reason) > maxReason || len(is.Tail) > maxTail ||
		strings.ToValidUTF8(is.Reason+is.Tail, "") != is.Reason+is.Tail || !strings.HasSuffix(is.Tail, "é\ufffd") || !strings.HasPrefix(is.Tail, "é") {
		t.Errorf("%+v", is)
	}
}
