package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/node"
)

// at returns a screen of that size that shows v.
func at(v view, width, height int) model {
	m := model{frame: framed(v), work: idle()}
	return after(m, tea.WindowSizeMsg{Width: width, Height: height})
}

// framed is the frame of all screens, with the pair so.
func framed(v view) frame {
	f := newFrame(screens(everySource()))
	f.view = v
	return f
}

// everySource has all sources, none of which is asked anything.
func everySource() Sources {
	var none struct {
		Planner
		Ledger
		Reporter
		Administration
		Syncer
		Mover
		Listener
		Books
		Journal
	}
	return Sources{Timetables: none, Runs: none, Reports: none, Admin: none, Sync: none, Moves: none, Feeds: none, Books: none, Journal: none}
}

// idle does nothing.
func idle() work {
	return work{
		pair:  func() tea.Msg { return nil },
		place: func(int, screen, place, string) tea.Cmd { return nil },
		run:   func([]string, *transcript) tea.Cmd { return nil },
		copy:  func(string) tea.Cmd { return nil },
		halt:  func() {},
		try:   func([]Edit, int, int) tea.Cmd { return nil },
		save:  func([]Edit) tea.Cmd { return nil },
	}
}

// after returns the screen when that has happened.
func after(m model, happened ...tea.Msg) model {
	for _, msg := range happened {
		next, _ := m.Update(msg)
		m = next.(model)
	}
	return m
}

func key(name string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"up": tea.KeyUp, "down": tea.KeyDown, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "end": tea.KeyEnd,
		"home": tea.KeyHome, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "ctrl+c": tea.KeyCtrlC,
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "backspace": tea.KeyBackspace, "ctrl+s": tea.KeyCtrlS, "ctrl+l": tea.KeyCtrlL,
	}
	if t, ok := named[name]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func pressed(m model, names ...string) model {
	for _, name := range names {
		m = after(m, key(name))
	}
	return m
}

func TestLeave(t *testing.T) {
	for _, name := range []string{"q", "ctrl+c"} {
		_, cmd := at(pair(), 80, 24).Update(key(name))
		if cmd == nil {
			t.Fatalf("%s does nothing", name)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%s does not leave", name)
		}
	}
}

// TestLeaveBehind holds that somebody who leaves is told what the twin has not
// got yet, and leaves all the same if that is wanted.
func TestLeaveBehind(t *testing.T) {
	v := pair()
	v.Own.Sync = &node.SyncDocument{State: "pending", Pending: 3}
	m := pressed(at(v, 80, 24), "q")
	if !strings.Contains(m.View(), "3 changes are not on cms-b yet") {
		t.Errorf("nothing is said of what is not on the twin:\n%s", m.View())
	}
	if m = pressed(m, "esc"); m.leaving {
		t.Error("esc does not stay")
	}
	_, cmd := pressed(m, "q").Update(key("q"))
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("q does not leave all the same")
	}
}

// TestPaste holds that pasted text presses no keys.
func TestPaste(t *testing.T) {
	_, cmd := at(pair(), 80, 24).Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	if cmd != nil {
		t.Error("a pasted q leaves")
	}
}

// TestScroll drives the lists of a screen that is too small for them.
func TestScroll(t *testing.T) {
	tests := []struct {
		keys  string
		focus int
		want  [listsShown]int
	}{
		{"", feedList, [listsShown]int{}},
		{"j down j k", feedList, [listsShown]int{2}},
		{"k up pgup g home", feedList, [listsShown]int{}},
		{"pgdown", feedList, [listsShown]int{pageRows}},
		{"G", feedList, [listsShown]int{39}},
		{"end G k", feedList, [listsShown]int{38}},
		{"G g", feedList, [listsShown]int{}},
		{"jjjk", feedList, [listsShown]int{2}},
		{"tab j", gapList, [listsShown]int{0, 1}},
		{"tab tab G", alarmList, [listsShown]int{0, 0, 2}},
		{"tab tab tab j", feedList, [listsShown]int{1}},
		{"shift+tab j", alarmList, [listsShown]int{0, 0, 1}},
		{"xyZ x", feedList, [listsShown]int{}},
	}
	for _, tt := range tests {
		t.Run(tt.keys, func(t *testing.T) {
			m := pressed(at(crowd(), 80, 24), strings.Fields(tt.keys)...)
			if m.offset != tt.want || m.focus != tt.focus {
				t.Errorf("list %d at %v, want list %d at %v", m.focus, m.offset, tt.focus, tt.want)
			}
		})
	}
}

// TestScrollShows holds that what was out of sight comes into sight.
func TestScrollShows(t *testing.T) {
	m := at(crowd(), 80, 24)
	if strings.Contains(m.View(), "branch-39") {
		t.Fatal("the last feed is in sight already: the test proves nothing")
	}
	if m = pressed(m, "G"); !strings.Contains(m.View(), "branch-39") {
		t.Errorf("the last feed does not come into sight:\n%s", m.View())
	}
	m = after(m, tea.WindowSizeMsg{Width: 160, Height: 120}) // now everything fits
	if m.offset != [listsShown]int{} || strings.Contains(m.View(), "scroll") {
		t.Errorf("on a screen with room it stays scrolled:\n%s", m.View())
	}
}

// TestFailedLook holds that what was seen last stays, and is not passed off as new.
func TestFailedLook(t *testing.T) {
	m := at(view{}, 80, 24)
	m = after(m, looked{state: pair().State, at: night})
	if !strings.Contains(m.View(), "WELL") {
		t.Fatalf("a look is not shown:\n%s", m.View())
	}
	m = after(m, looked{err: errors.New("disk I/O error"), at: night.Add(5 * time.Second)}, ticked{night.Add(9 * time.Second), 2})
	for _, want := range []string{"TROUBLE", "disk I/O error", "pbx-log", "this picture is 9s old", "03:00:09"} {
		if !strings.Contains(m.View(), want) {
			t.Errorf("the screen does not say %q:\n%s", want, m.View())
		}
	}
	m = after(m, looked{state: pair().State, at: night.Add(10 * time.Second)})
	if strings.Contains(m.View(), "disk I/O error") || strings.Contains(m.View(), " old") {
		t.Errorf("a trouble that is over is still shown:\n%s", m.View())
	}
}

// TestRhythm holds that the next look comes a second after the last one, and
// later when looking is dear.
func TestRhythm(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0: time.Second, 100 * time.Millisecond: time.Second, 300 * time.Millisecond: 3 * time.Second, lookWithin: restMost,
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, cmd := at(pair(), 80, 24).Update(looked{at: night, took: took})
			next, ok := cmd().(tea.BatchMsg)
			if !ok {
				t.Fatal("nothing but a look or the clock comes then")
			}
			if msg := next[0](); msg != (again{}) {
				t.Fatalf("then comes %#v, want another look", msg)
			}
			if waited := time.Since(began); waited != want {
				t.Errorf("after a look of %s the next one comes after %s, want %s", took, waited, want)
			}
		})
	}
}

// TestClock holds that a look moves the clock, that where the next one is late the
// clock moves by itself, and that a wait which a look has overtaken does nothing.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		next, cmd := at(pair(), 80, 24).Update(looked{at: began, took: time.Second})
		m := next.(model)
		waits := cmd().(tea.BatchMsg)
		first := waits[1]().(ticked)
		if late := time.Since(began); late != lookEvery+lateAfter {
			t.Errorf("without a look the clock moves after %s", late)
		}
		next, cmd = m.Update(first)
		if m = next.(model); !m.Now.Equal(first.at) {
			t.Errorf("the clock stands at %s, at %s", m.Now, first.at)
		}
		second := cmd().(ticked)
		if late := second.at.Sub(first.at); late != time.Second {
			t.Errorf("the clock moves again after %s", late)
		}
		m = after(m, looked{at: second.at.Add(-time.Millisecond)})
		if next, cmd = m.Update(second); !next.(model).Now.Equal(m.Now) || cmd != nil {
			t.Error("a wait that a look has overtaken moves the clock, or goes on")
		}
	})
}

// TestDrawnIsWhatThereIs holds that the picture that is kept is never an old one,
// and that it is not made twice where nothing can have changed.
func TestDrawnIsWhatThereIs(t *testing.T) {
	drawAnew := func(m model) string { return render(m.frame, m.width, m.height, m.theme()) }
	rapid.Check(t, func(t *rapid.T) {
		m := at(pair(), 80, 24)
		m.themes, m.drawn = Themes(), &drawing{}
		now := night
		for range rapid.IntRange(1, 30).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			is := pair().State
			is.Own.Feeds[0].Records += now.UnixMilli()
			msg := rapid.SampledFrom([]tea.Msg{
				again{},
				anew{m.visit},
				anew{m.visit - 1},
				ticked{now, m.glances},
				ticked{now, m.glances - 1},
				looked{state: is, at: now},
				looked{err: errors.New("disk I/O error"), at: now},
				tea.WindowSizeMsg{Width: 60 + int(now.UnixMilli()%80), Height: 30},
				tea.FocusMsg{},
				key("t"), key("?"), key("j"), key("1"), key("2"), key("esc"), key("F"), key("!"),
			}).Draw(t, "message")
			before, was := m.View(), m.drawn
			m = after(m, msg)
			if got, want := m.View(), drawAnew(m); got != want {
				t.Fatalf("after %#v the screen shows\n%s\nand there is\n%s", msg, got, want)
			}
			if m.drawn == was && m.View() != before {
				t.Fatalf("%#v changes a picture that was drawn", msg)
			}
		}
		was := m.drawn
		if after(m, again{}, anew{m.visit - 1}, ticked{now, m.glances - 1}).drawn != was {
			t.Error("a picture is made twice")
		}
	})
}

// A sourceFunc is a source made of a function.
type sourceFunc func(context.Context) (State, error)

func (f sourceFunc) Load(ctx context.Context) (State, error) { return f(ctx) }

// TestSlowSource holds that a look that does not come back ends by itself.
func TestSlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		seen := glimpse(t.Context(), sourceFunc(func(ctx context.Context) (State, error) {
			<-ctx.Done()
			return State{}, ctx.Err()
		}))
		if waited := time.Since(began); waited != lookWithin || !errors.Is(seen.err, context.DeadlineExceeded) {
			t.Errorf("gave up after %s with %v, want after %s", waited, seen.err, lookWithin)
		}
	})
}
