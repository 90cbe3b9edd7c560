package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func click(x, y int) tea.MouseMsg {
	return tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
}

// whereIs returns where a text stands on the screen.
func (f frame) whereIs(t *testing.T, text string) (x, y int) {
	t.Helper()
	for y, l := range strings.Split(render(f, f.width, f.height, Theme{}), "\n") {
		if x := strings.Index(l, text); x >= 0 {
			return x, y
		}
	}
	t.Fatalf("%q is not on the screen", text)
	return 0, 0
}

// TestMouse holds that a click chooses what stands there, one more opens it,
// and none confirms anything.
func TestMouse(t *testing.T) {
	f := pictures()["timetables_crowd"].settled()
	x, y := f.whereIs(t, "report-50")
	f, w := f.mouse(click(x, y))
	if p, _ := f.page(); f.chosen(p) != "50" || w.look {
		t.Errorf("a click chooses row %s", f.chosen(p))
	}
	x, y = f.whereIs(t, "report-50")
	if after, w := f.mouse(click(x, y)); after.browse().leaf() != "50" || !w.look {
		t.Error("a second click does not open it")
	}
	if after, _ := f.mouse(tea.MouseMsg{Button: tea.MouseButtonWheelUp, Action: tea.MouseActionPress}); after.spot().index != 47 {
		t.Errorf("the wheel chooses row %d", after.spot().index)
	}
	x, y = f.whereIs(t, "7 Sync")
	if after, _ := f.mouse(click(x, y)); after.screen().name != "Sync" {
		t.Errorf("the tab leads to %s", after.screen().name)
	}
	asked := keyed(f, "R")
	for y := range asked.height {
		for x := range asked.width {
			if after, w := asked.mouse(click(x, y)); w.run != nil || after.asking == nil {
				t.Fatalf("a click at %d, %d answers what is asked", x, y)
			}
		}
	}
}
