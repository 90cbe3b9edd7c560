package exchange

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// What a twin tells is copied into this server's own document: it must have
// its form, and its bounds.
func TestWordHasBounds(t *testing.T) {
	long := strings.Repeat("x", 1<<18)
	role := node.Role(long)
	for name, spoil := range map[string]func(*Word){
		"role":          func(w *Word) { w.Doc.Role = "king" },
		"name":          func(w *Word) { w.Doc.Name = "a\x1b[2J" },
		"store":         func(w *Word) { w.Doc.Store = long },
		"version":       func(w *Word) { w.Doc.Version = long },
		"zones":         func(w *Word) { w.Zones = long },
		"section":       func(w *Word) { w.Feeds = []Section{{Name: long}} },
		"key":           func(w *Word) { w.Feeds = []Section{{Name: "pbx", Keys: map[string]string{long: ""}}} },
		"value":         func(w *Word) { w.Feeds = []Section{{Name: "pbx", Keys: map[string]string{"k": long}}} },
		"sections":      func(w *Word) { w.Feeds = make([]Section, maxFeeds+1) },
		"feed":          func(w *Word) { w.Doc.Feeds = []node.FeedDocument{{Name: "a\nb"}} },
		"feed's error":  func(w *Word) { w.Doc.Feeds = []node.FeedDocument{{Name: "pbx", Error: long}} },
		"incarnation":   func(w *Word) { w.Doc.Feeds = []node.FeedDocument{{Name: "pbx", Incarnation: long}} },
		"feeds":         func(w *Word) { w.Doc.Feeds = make([]node.FeedDocument, maxFeeds+1) },
		"alarm":         func(w *Word) { w.Doc.Alarms = []node.Alarm{{Text: long}} },
		"alarms":        func(w *Word) { w.Doc.Alarms = make([]node.Alarm, maxAlarms+1) },
		"reason":        func(w *Word) { w.Doc.Ready.Because = []string{long} },
		"ready check":   func(w *Word) { w.Doc.Ready.Checks = []node.ReadyCheck{{Compared: long}} },
		"ready checks":  func(w *Word) { w.Doc.Ready.Checks = make([]node.ReadyCheck, maxAlarms+1) },
		"what it fills": func(w *Word) { w.Doc.Fill = &node.FillDocument{Feed: long} },
		"what we are":   func(w *Word) { w.Doc.Twin = &node.TwinDocument{Error: long} },
		"role of us":    func(w *Word) { w.Doc.Twin = &node.TwinDocument{Role: &role} },
		"store of us":   func(w *Word) { w.Doc.Twin = &node.TwinDocument{Store: &long} },
		"sync":          func(w *Word) { w.Doc.Sync = &node.SyncDocument{State: long} },
		"sync's base":   func(w *Word) { w.Doc.Sync = &node.SyncDocument{Base: node.SyncPlace{Generation: -1}} },
		"maintenance":   func(w *Word) { w.Doc.Maintenance = &node.MaintenanceDocument{Reason: long} },
		"who maintains": func(w *Word) { w.Doc.Maintenance = &node.MaintenanceDocument{Actor: long} },
		"maintenance of us": func(w *Word) {
			w.Doc.Twin = &node.TwinDocument{Maintenance: &node.MaintenanceDocument{Reason: long}}
		},
		"backup":            func(w *Word) { w.Doc.Backups = &node.BackupDocument{Last: "a\x1b[2J"} },
		"kind of backup":    func(w *Word) { w.Doc.Backups = &node.BackupDocument{Kind: long} },
		"size of backup":    func(w *Word) { w.Doc.Backups = &node.BackupDocument{Bytes: -1} },
		"proven backup":     func(w *Word) { w.Doc.Backups = &node.BackupDocument{Proven: long} },
		"unproven backup":   func(w *Word) { w.Doc.Backups = &node.BackupDocument{Failed: long} },
		"why unproven":      func(w *Word) { w.Doc.Backups = &node.BackupDocument{FailedBecause: long} },
		"why unsent":        func(w *Word) { w.Doc.Backups = &node.BackupDocument{Unsent: long} },
		"what was restored": func(w *Word) { w.Doc.Backups = &node.BackupDocument{Held: long} },
		"timetables":        func(w *Word) { w.Doc.Timetables = &node.TimetablesDocument{Total: -1} },
		"why they wait":     func(w *Word) { w.Doc.Timetables = &node.TimetablesDocument{Because: long} },
		"the next one":      func(w *Word) { w.Doc.Timetables = &node.TimetablesDocument{Next: &node.NextRun{Timetable: long}} },
		"one that failed":   func(w *Word) { w.Doc.Timetables = &node.TimetablesDocument{Failed: []node.FailedRun{{Reason: long}}} },
		"one that runs": func(w *Word) {
			w.Doc.Timetables = &node.TimetablesDocument{Running: []node.RunningRun{{Timetable: "a\nb"}}}
		},
		"too many run": func(w *Word) {
			w.Doc.Timetables = &node.TimetablesDocument{Running: make([]node.RunningRun, maxListed+1)}
		},
		"too many failed": func(w *Word) {
			w.Doc.Timetables = &node.TimetablesDocument{Failed: make([]node.FailedRun, maxListed+1)}
		},
		"too many to come": func(w *Word) {
			w.Doc.Timetables = &node.TimetablesDocument{Coming: make([]node.NextRun, maxListed+1)}
		},
		"one to come": func(w *Word) {
			w.Doc.Timetables = &node.TimetablesDocument{Coming: []node.NextRun{{Timetable: "a\x1b[2J"}}}
		},
		"people": func(w *Word) {
			w.Doc.People = &node.PeopleDocument{Sessions: make([]node.PersonDocument, maxListed+1)}
		},
		"who is there": func(w *Word) {
			w.Doc.People = &node.PeopleDocument{Sessions: []node.PersonDocument{{Login: "a\x1b[2J"}}}
		},
		"what is asked there": func(w *Word) {
			w.Doc.Twin = &node.TwinDocument{People: &node.PeopleDocument{Sessions: []node.PersonDocument{{Verb: long}}}}
		},
		"port of people":  func(w *Word) { w.Doc.People = &node.PeopleDocument{Port: new(1 << 16)} },
		"epoch":           func(w *Word) { w.Doc.Epoch = node.MaxEpoch },
		"epoch below all": func(w *Word) { w.Doc.Epoch = -1 },
	} {
		w := Word{Server: "S", Pair: "P", Doc: node.Document{Name: "cms-a", Role: node.Primary, Store: "ok"}}
		if err := w.check("S", "P"); err != nil {
			t.Fatal(err)
		}
		spoil(&w)
		if err := w.check("S", "P"); !errors.Is(err, link.ErrProtocol) || len(err.Error()) > 2000 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

// What a twin tells of synchronising and timetables passes.
func TestSyncAndTimetablesMayBeTold(t *testing.T) {
	w := Word{Server: "S", Pair: "P"}
	w.Doc.Sync = &node.SyncDocument{State: "in_sync", Generation: 12, Base: node.SyncPlace{Generation: 12, Root: "ab"}}
	w.Doc.Timetables = &node.TimetablesDocument{Total: 3, Next: &node.NextRun{Timetable: "nightly"}, Because: "held"}
	if err := w.check("S", "P"); err != nil {
		t.Error(err)
	}
}

// Whoever says the wrong word must not learn from the refusal which is right.
func TestRefusalKeepsOurIDsToItself(t *testing.T) {
	r := newRig(t)
	for _, w := range []Word{{Server: "somebody", Pair: "P"}, {Server: "somebody", Pair: "Q"}} {
		args, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Listener{Node: r.b}.Answer(t.Context(), args)
		if err == nil || strings.Contains(err.Error(), idOf(t, r.a)) || strings.Contains(err.Error(), "of P") {
			t.Errorf("%v", err)
		}
	}
}
