package tui

import (
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/report"
)

// shown is a frame as plain text.
func shown(f frame) string { return render(f, 80, 24, Theme{}) }

// TestThePaletteKnowsTheOtherScreens looks for what the first screen cannot do:
// to choose it goes where it is done, and does nothing yet.
func TestThePaletteKnowsTheOtherScreens(t *testing.T) {
	f := keyed(framed(pair()), "?")
	if strings.Contains(shown(f), "Feeds: fill") {
		t.Error("it is listed where nothing was looked for")
	}
	f = keyed(f, "f", "i", "l", "l", " ", "t", "w")
	if text := shown(f); !strings.Contains(text, "3 f  Feeds: fill from the twin") || !strings.Contains(text, "twinctl fill") {
		t.Fatalf("fill is not found:\n%s", text)
	}
	f, w := f.press("enter")
	if f.screen().name != "Feeds" || f.asking != nil || w.run != nil || f.palette != nil {
		t.Errorf("it goes to %s, asks %v, runs %v", f.screen().name, f.asking, w.run)
	}
}

// TestWhatIsToBeSent holds that a pair that is well says what waits to be sent, and
// on which server that is done.
func TestWhatIsToBeSent(t *testing.T) {
	v := pair()
	v.Own.Alarms, v.Gaps = nil, nil
	if got := v.findings()[0]; got.grade != well || got.next != "" {
		t.Fatalf("in sync: %+v", got)
	}
	v.Own.Sync = &node.SyncDocument{State: "first", Word: "AWAITING FIRST SYNC", Command: "twinctl sync --dry-run"}
	if got := v.findings()[0]; got.grade != well || got.next != "twinctl sync --dry-run" || got.on != "" {
		t.Errorf("on the primary: %+v", got)
	}
	v.Twin.Document.Sync = v.Own.Sync
	v.Own.Role, v.Twin.Document.Role = node.Secondary, node.Primary
	if got := v.findings()[0]; got.next != "twinctl sync --dry-run" || got.on != "cms-b" {
		t.Errorf("on the secondary: %+v", got)
	}
}

// TestWhoseTwindDoesNotRun holds that a secondary whose own twind does not run says
// that, and not to take the role of a primary that nobody asked.
func TestWhoseTwindDoesNotRun(t *testing.T) {
	v := pair()
	v.Own.Role, v.Twin.Document.Role = node.Secondary, node.Primary
	v.Own.Running, v.Own.Twin.State = false, "unknown"
	all := v.findings()
	if all[0].text != "twind is not running on cms-a: it collects nothing" || all[0].next != "systemctl start twind" {
		t.Errorf("first it says %+v", all[0])
	}
	for _, f := range all {
		if strings.Contains(f.next, "promote") {
			t.Errorf("it says %+v", f)
		}
	}
}

// TestEscAlwaysLeaves holds that esc goes back to what a screen is for, from all that
// can be seen of it.
func TestEscAlwaysLeaves(t *testing.T) {
	for name, f := range resting() {
		if f.screen().show == nil {
			continue
		}
		for range 5 {
			f, _ = f.press("esc")
		}
		if b := f.browse(); len(b.path) > 0 || b.aside() {
			t.Errorf("%s: esc does not leave %v %v", name, b.path, b.knobs)
		}
	}
}

// TestADryAnswer holds that a key which says neither yes nor no says that.
func TestADryAnswer(t *testing.T) {
	f := keyed(on("Timetables", someTimetables()), "R")
	if text := shown(keyed(f, "enter")); !strings.Contains(text, "y or n") {
		t.Errorf("enter says nothing:\n%s", text)
	}
	if text := shown(keyed(f, "enter", "down")); strings.Contains(text, "y or n") {
		t.Errorf("it is said on:\n%s", text)
	}
	f = keyed(on("Timetables", someTimetables()), "x").plannedSo([]string{"all of it"}, exitDiffers)
	f.asking.rung = afterPlan
	if text := shown(keyed(f, "y")); !strings.Contains(text, "a moment, to read it") {
		t.Errorf("an early yes says nothing:\n%s", text)
	}
}

// TestPartsHaveUnits holds that what a length is split into reads as the length does.
func TestPartsHaveUnits(t *testing.T) {
	parts := report.Parts{{Name: "Lunch", Seconds: 130.448}, {Name: "Break", Seconds: 17.5}}
	if got := figure(report.Column{Name: "paused_for_s", Kind: report.Split}, parts, "").text; got != "Lunch 2m10s, Break 17.5s" {
		t.Errorf("%q", got)
	}
}
