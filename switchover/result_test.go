package switchover

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
