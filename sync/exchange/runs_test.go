package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/link"
)

// claim claims so many slots of a timetable on n.
func claim(t *testing.T, n *node.DB, timetable string, slots int, reason string) {
	t.Helper()
	self, err := n.Self(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims := make([]node.Claim, slots)
	for i := range claims {
		slot := record.At(time.Date(2026, 11, 21, 0, i, 0, 0, time.UTC))
		claims[i] = node.Claim{
			Timetable: timetable, Name: timetable, Slot: slot, Attempt: 1, Trigger: "schedule", State: node.RunMissed, Reason: reason, Through: slot,
		}
	}
	if _, err := n.ClaimRuns(t.Context(), self.Epoch, claims); err != nil {
		t.Fatal(err)
	}
}

// told returns how many runs of a timetable n has, and up to when the twin has
// told it all.
func told(t *testing.T, n *node.DB, timetable string) (rows int, whole record.Instant) {
	t.Helper()
	runs, err := n.Runs(t.Context(), node.RunQuery{Timetables: []string{timetable}})
	if err != nil {
		t.Fatal(err)
	}
	mark, err := n.RunsTold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(runs), mark.Whole
}

func TestTwinsTellOfTheirRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		claim(t, r.a, "a's", 2, "down")
		claim(t, r.b, "b's", 3, "down")
		r.run(t, func() {
			if rows, whole := told(t, r.a, "b's"); rows != 3 || whole != record.At(time.Now()) {
				t.Errorf("by its answer: %d rows, all up to %v", rows, whole)
			}
			// A question tells only what the twin is known not to have.
			if rows, whole := told(t, r.b, "a's"); rows != 0 || whole != 0 {
				t.Errorf("by the first question: %d rows, all up to %v", rows, whole)
			}
			time.Sleep(interval)
			synctest.Wait()
			if rows, whole := told(t, r.b, "a's"); rows != 2 || whole != record.At(time.Now()) {
				t.Errorf("by the next: %d rows, all up to %v", rows, whole)
			}
			for _, h := range []struct {
				n   *node.DB
				way node.Direction
			}{{r.a, node.Out}, {r.b, node.In}} {
				heard, err := h.n.Heard(t.Context(), h.way)
				if err != nil || strings.Contains(string(heard.Doc), "slot") {
					t.Errorf("%s: %s, %v", h.way, heard.Doc, err)
				}
			}
			if w := r.Standing().Word; w.Runs == nil || len(w.Runs.Rows) != 0 {
				t.Errorf("kept in memory: %+v", w.Runs)
			}
		})
	})
}

func TestManyRunsFollowOneAnotherSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		claim(t, r.b, "b's", 700, strings.Repeat("\x01", 500)) // as JSON 3,000 bytes
		var asked, largest atomic.Int64                        // the clock of the bubble orders nothing
		answer := r.answer
		r.answer = func(ctx context.Context, w Word) (Word, error) {
			word, err := answer(ctx, w)
			text, _ := json.Marshal(word)
			asked.Add(1)
			largest.Store(max(largest.Load(), int64(len(text))))
			return word, err
		}
		r.run(t, func() {
			time.Sleep(2 * interval)
			synctest.Wait()
			if rows, whole := told(t, r.a, "b's"); rows != 700 || whole == 0 {
				t.Errorf("%d rows, all up to %v, after %d questions", rows, whole, asked.Load())
			}
			if largest.Load() > 2*pageBytes {
				t.Errorf("a word of %d bytes", largest.Load())
			}
			before := asked.Load()
			time.Sleep(4 * interval)
			synctest.Wait()
			if more := asked.Load() - before; more != 4 {
				t.Errorf("%d questions in %v once all was told", more, 4*interval)
			}
		})
	})
}

// An older version neither tells nor gets any.
func TestATwinThatKnowsNoRunsGetsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		claim(t, r.a, "a's", 2, "down")
		old := saying(idOf(t, r.b), 8)
		r.answer = func(ctx context.Context, w Word) (Word, error) {
			if w.Runs == nil || len(w.Runs.Rows) != 0 {
				t.Errorf("it was told %+v", w.Runs)
			}
			return old(ctx)
		}
		r.run(t, func() {
			time.Sleep(3 * interval)
			r.must(t, OK)
		})
	})
	r := newRig(t)
	claim(t, r.b, "b's", 2, "down")
	args, err := json.Marshal(Word{Server: idOf(t, r.a), Pair: "P"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := Listener{Node: r.b, Say: saying(idOf(t, r.b), 8)}.Answer(t.Context(), args)
	if err != nil || answer.(Word).Runs != nil {
		t.Errorf("answered %+v, %v", answer, err)
	}
}

func TestRunsHaveBounds(t *testing.T) {
	long := strings.Repeat("x", 1<<18)
	good := func() *Runs {
		row := node.Run{
			ID: 1, Timetable: "tt-1", Name: "nightly", Slot: 1, Attempt: 1, Trigger: "schedule", State: node.RunOK, Planned: 1, Ended: 2, Rev: 3,
		}
		return &Runs{Have: 9, RunPage: node.RunPage{Rows: []node.Run{row}, Through: 3, Whole: 4}}
	}
	for name, spoil := range map[string]func(r *Runs, row *node.Run){
		"rows":              func(r *Runs, row *node.Run) { r.Rows = append(make([]node.Run, pageRuns), *row) },
		"what it has":       func(r *Runs, _ *node.Run) { r.Have = -1 },
		"what it has, far":  func(r *Runs, _ *node.Run) { r.Have = maxCount + 1 },
		"through":           func(r *Runs, _ *node.Run) { r.Through = maxCount + 1 },
		"whole":             func(r *Runs, _ *node.Run) { r.Whole = -1 },
		"whole, far":        func(r *Runs, _ *node.Run) { r.Whole = maxInstant + 1 },
		"state":             func(_ *Runs, row *node.Run) { row.State = "asleep" },
		"ended and running": func(_ *Runs, row *node.Run) { row.State = node.RunRunning },
		"final, not ended":  func(_ *Runs, row *node.Run) { row.Ended = 0 },
		"id":                func(_ *Runs, row *node.Run) { row.ID = 0 },
		"change":            func(_ *Runs, row *node.Run) { row.Rev = 0 },
		"change, beyond":    func(_ *Runs, row *node.Run) { row.Rev = 4 },
		"attempt":           func(_ *Runs, row *node.Run) { row.Attempt = 0 },
		"epoch":             func(_ *Runs, row *node.Run) { row.Epoch = node.MaxEpoch },
		"no timetable":      func(_ *Runs, row *node.Run) { row.Timetable = "" },
		"timetable":         func(_ *Runs, row *node.Run) { row.Timetable = "a\x1b[2J" },
		"name":              func(_ *Runs, row *node.Run) { row.Name = long },
		"actor":             func(_ *Runs, row *node.Run) { row.Actor = "a\nb" },
		"role":              func(_ *Runs, row *node.Run) { row.Role = "king" },
		"trigger":           func(_ *Runs, row *node.Run) { row.Trigger = long },
		"reason":            func(_ *Runs, row *node.Run) { row.Reason = long },
		"tail":              func(_ *Runs, row *node.Run) { row.Tail = long },
		"slot":              func(_ *Runs, row *node.Run) { row.Slot = 0 },
		"planned":           func(_ *Runs, row *node.Run) { row.Planned = -1 },
		"started":           func(_ *Runs, row *node.Run) { row.Started = maxInstant + 1 },
	} {
		w := Word{Server: "S", Pair: "P", Runs: good()}
		if err := w.check("S", "P"); err != nil {
			t.Fatal(err)
		}
		spoil(w.Runs, &w.Runs.Rows[0])
		if err := w.check("S", "P"); !errors.Is(err, link.ErrProtocol) || len(err.Error()) > 2000 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

// Whatever this server tells, its twin believes.
func TestWhatIsToldIsBelieved(t *testing.T) {
	r := newRig(t)
	for i, reason := range []string{"", "\x00\xff\x1b[2J", strings.Repeat("é", 4000)} {
		claim(t, r.a, fmt.Sprint("tt-", i), 3, reason)
	}
	zero := int64(0)
	runs, err := tellRuns(t.Context(), r.a, &zero)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(Word{Server: "S", Pair: "P", Runs: runs})
	if err != nil {
		t.Fatal(err)
	}
	var w Word
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	if err := w.check("S", "P"); err != nil || len(w.Runs.Rows) != 9 {
		t.Errorf("%d rows, %v", len(w.Runs.Rows), err)
	}
}
