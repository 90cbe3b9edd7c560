package engine

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/timetable"
)

// TestAgendaFirst holds the look into the heap to a look at every entry,
// while entries come, move and go.
func TestAgendaFirst(t *testing.T) {
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
		want := slices.DeleteFunc(all, func(e *entry) bool { return e.at == 0 || e.t.Paused })
		slices.SortFunc(want, func(x, y *entry) int { return a.compare(x.index, y.index) })
		n := rapid.IntRange(1, 4).Draw(t, "n")
		looks := 0
		got := a.first(n, func(e *entry) bool { looks++; return !e.t.Paused })
		if !slices.Equal(got, want[:min(n, len(want))]) {
			t.Fatalf("%v, want the first %d of %v", got, n, want)
		}
		if n == 1 && len(a) > 0 && !a[0].t.Paused && looks != 1 {
			t.Fatalf("%d looks, though the first is one", looks)
		}
	})
}
