package switchover

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

func TestDurations(t *testing.T) {
	note := func(step string, state node.NoteState, second int) node.RunbookNote {
		return node.RunbookNote{Step: step, State: state, At: record.Instant(1_000_000+second) * record.Second}
	}
	got := Durations([]node.RunbookNote{
		note("look", node.NoteDone, 0), // it was never begun
		note("drain", node.NoteBegun, 1), note("drain", node.NoteTold, 2), note("drain", node.NoteFailed, 3),
		note("drain", node.NoteBegun, 10), note("drain", node.NoteDone, 14),
		note("sync", node.NoteBegun, 15),
	})
	want := []Took{
		{Name: "look", State: node.NoteDone},
		{Name: "drain", State: node.NoteDone, TookMS: 4000},
		{Name: "sync", State: node.NoteBegun},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A clock that was put back makes no time of a step that is below zero.
func TestDurationsOfAClockThatWasPutBack(t *testing.T) {
	got := Durations([]node.RunbookNote{
		{Step: "drain", State: node.NoteBegun, At: 90 * record.Second}, {Step: "drain", State: node.NoteDone, At: 30 * record.Second},
	})
	if len(got) != 1 || got[0].TookMS != 0 {
		t.Errorf("%+v", got)
	}
}

// TestBookLine holds how a move is told in a line.
func TestBookLine(t *testing.T) {
	now := record.Instant(1_800_000_000_000_000)
	open := node.Runbook{State: node.RunbookOpen, Runner: "cms-a", Beat: now, Notes: []node.RunbookNote{{Step: "drain"}}}
	stale := open
	stale.Beat = now.Add(-2 * node.RunnerLost)
	done := node.Runbook{State: node.RunbookDone, Result: []byte(`{"outcome":"done","primary":"cms-b","from":"cms-a","epoch":2,"cut_over":"2026-11-21T03:00:00Z","role_gap_ms":48.2}`)}
	back := node.Runbook{State: node.RunbookRolledBack, Result: []byte(`{"outcome":"rolled_back","text":"drain: \u001b[2J"}`)}
	alone := node.Runbook{State: node.RunbookDone, Result: []byte(`{"outcome":"done","intent":"promote","primary":"cms-b","from":"cms-a","epoch":2,"cut_over":"2026-11-21T03:00:00Z"}`)}
	unread := node.Runbook{State: node.RunbookFailed, Result: []byte(`{}`)}
	for _, tt := range []struct {
		book        node.Runbook
		word, wants string
	}{
		{open, "open", "goes on, run by the twind of cms-a: it is at drain"},
		{stale, "halted", "halted: twinctl switchover --resume, or --abort, on either server"},
		{done, "done", "cms-b is primary, epoch 2, and cms-a secondary; slots are its own since 2026-11-21T03:00:00Z; nobody was primary for 48 ms; read back"},
		{alone, "done", "cms-b is primary, epoch 2, by a promotion without cms-a; slots are its own since 2026-11-21T03:00:00Z; read back on cms-b"},
		{back, "rolled_back", inert.Text("drain: \x1b[2J")},
		{unread, "failed", "failed"},
	} {
		if got := BookLine(tt.book, now); got != tt.wants {
			t.Errorf("%s: %q, want %q", tt.word, got, tt.wants)
		}
		if got := StateWord(tt.book, now); got != tt.word {
			t.Errorf("%q, want %q", got, tt.word)
		}
	}
}
