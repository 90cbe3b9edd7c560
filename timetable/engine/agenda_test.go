package engine

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// TestAgendaEarliest holds the look into the heap to a look at every entry,
// while entries come, move and go.
func TestAgendaEarliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var all []*entry
		for i := range rapid.IntRange(0, 40).Draw(t, "entries") {
			e := &entry{t: timetable.Timetable{ID: fmt.Sprint(i), Paused: rapid.Bool().Draw(t, "paused")}, index: -1}
			all = append(all, e)
			a.set(e, record.Instant(rapid.IntRange(0, 9).Draw(t, "at")))
		}
		for range rapid.IntRange(0, 20).Draw(t, "moves") {
			if len(all) > 0 {
				a.set(rapid.SampledFrom(all).Draw(t, "entry"), record.Instant(rapid.IntRange(0, 9).Draw(t, "to")))
			}
		}
		var want *entry
		looks := 0
		for _, e := range all {
			if e.at != 0 && !e.t.Paused && (want == nil || a.Less(e.index, want.index)) {
				want = e
			}
		}
		got := a.earliest(0, nil, func(e *entry) bool { looks++; return !e.t.Paused })
		if got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		if len(a) > 0 && !a[0].t.Paused && looks != 1 {
			t.Fatalf("%d looks, though the first is one", looks)
		}
	})
}
