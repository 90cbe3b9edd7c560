package app

import (
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// What may move the role is looked at each minute, soon after it has changed,
// and deep now and then.
func TestReadyTurn(t *testing.T) {
	begin := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	calm := readyMark{role: node.Primary, epoch: 3, twin: "ok", generation: 7, live: 2}
	edited, moved, deaf := calm, calm, calm
	edited.generation, moved.role, deaf.live = 8, node.Secondary, 1
	ended, early, halfway := moved, moved, moved
	ended.ended, early.ended = record.At(begin.Add(13*time.Minute+500*time.Millisecond)), record.At(begin.Add(13*time.Minute+5*time.Second))
	halfway.ended = record.At(begin.Add(13*time.Minute + 20500*time.Millisecond))
	var turn readyTurn
	for _, c := range []struct {
		after      time.Duration
		mark       readyMark
		look, deep bool
	}{
		{0, calm, true, true},
		{time.Second, calm, false, false},
		{1500 * time.Millisecond, deaf, false, false}, // too soon
		{2 * time.Second, deaf, true, false},
		{3 * time.Second, calm, false, false},
		{30 * time.Second, calm, true, false},
		{89 * time.Second, calm, false, false},
		{90 * time.Second, calm, true, false},
		{92 * time.Second, edited, true, true},
		{95 * time.Second, moved, true, false}, // it was just looked deep
		{155 * time.Second, moved, true, true},
		{12 * time.Minute, moved, true, false},
		{13 * time.Minute, moved, true, true},
		{13*time.Minute + time.Second, ended, true, false}, // at once
		{13*time.Minute + 2*time.Second, ended, false, false},
		{13*time.Minute + 3*time.Second, early, true, false}, // by a clock that is ahead
		{13*time.Minute + 4*time.Second, early, false, false},
		{13*time.Minute + 6*time.Second, early, true, false}, // what was found before is not believed
		{13*time.Minute + 8*time.Second, early, false, false},
		{13*time.Minute + 20900*time.Millisecond, halfway, true, false},
		{13*time.Minute + 21900*time.Millisecond, halfway, false, false}, // too soon
		{13*time.Minute + 22900*time.Millisecond, halfway, true, false},  // it was told to have been looked at before the end, at 20 s
		{13*time.Minute + 25*time.Second, halfway, false, false},
	} {
		if look, deep := turn.due(begin.Add(c.after), c.mark); look != c.look || deep != c.deep {
			t.Errorf("after %s: look %v, deep %v", c.after, look, deep)
		}
	}
}

// What kept the role may be over though nothing tells that it is.
func TestReadyTurnWhileSomethingKeepsTheRole(t *testing.T) {
	begin := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	var turn readyTurn
	for _, c := range []struct {
		after time.Duration
		kept  bool // since then
		look  bool
	}{{0, true, true}, {9 * time.Second, true, false}, {10 * time.Second, true, true}, {20 * time.Second, false, true}, {79 * time.Second, false, false}, {80 * time.Second, false, true}} {
		if look, _ := turn.due(begin.Add(c.after), readyMark{epoch: 3}); look != c.look {
			t.Errorf("after %s: look %v", c.after, look)
		}
		turn.kept = c.kept
	}
}

func TestWhatMakesItWorthToLookAgain(t *testing.T) {
	secondary := node.Secondary
	for name, change := range map[string]func(*node.Document){
		"role":        func(d *node.Document) { d.Role = node.Secondary },
		"epoch":       func(d *node.Document) { d.Epoch++ },
		"feed":        func(d *node.Document) { d.Feeds = []node.FeedDocument{{State: "live"}} },
		"twin":        func(d *node.Document) { d.Twin = &node.TwinDocument{State: "ok"} },
		"its role":    func(d *node.Document) { d.Twin = &node.TwinDocument{Role: &secondary} },
		"sync":        func(d *node.Document) { d.Sync = &node.SyncDocument{Drift: 1} },
		"store":       func(d *node.Document) { d.Store = "full" },
		"timetables":  func(d *node.Document) { d.Timetables = &node.TimetablesDocument{Held: 1} },
		"maintenance": func(d *node.Document) { d.Maintenance = &node.MaintenanceDocument{} },
	} {
		d := node.Document{Role: node.Primary, Epoch: 3}
		before := markOf(d)
		if change(&d); markOf(d) == before {
			t.Errorf("%s: it is not seen", name)
		}
	}
}
