package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// How many rows the page keys scroll, and more than there ever are.
const (
	page       = 10
	everything = 1 << 30
)

// A looked is what a look brought.
type looked struct {
	state State
	err   error
	at    time.Time
	took  time.Duration
}

// A ticked moves the clock of the picture; again is the wait until the next look.
type (
	ticked time.Time
	again  struct{}
)

// A model is the screen and its size, as Bubble Tea keeps them.
type model struct {
	view
	width, height int // 0 until the terminal said
	theme         Theme
	look          tea.Cmd
}

// Init begins to look and starts the clock.
func (m model) Init() tea.Cmd { return tea.Batch(m.look, tick()) }

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(now time.Time) tea.Msg { return ticked(now) })
}

// View draws.
func (m model) View() string { return render(m.view, m.width, m.height, m.theme) }

// Update takes in what happened. It never blocks: looking is a command of its own.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.settle()
	case ticked:
		m.Now = time.Time(msg)
		return m, tick()
	case again:
		return m, m.look
	case looked:
		m.take(msg)
		rest := min(max(lookEvery, restFactor*msg.took), restMost)
		return m, tea.Tick(rest, func(time.Time) tea.Msg { return again{} })
	case tea.KeyMsg:
		return m.typed(msg)
	}
	return m, nil
}

// typed presses keys one by one: what is typed fast, or arrives late, comes in
// one piece. What was pasted was not meant for us.
func (m model) typed(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if msg.Paste {
		return m, nil
	}
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return m.press(msg.String())
	}
	for _, r := range msg.Runes {
		next, cmd := m.press(string(r))
		if cmd != nil {
			return next, cmd
		}
		m = next
	}
	return m, nil
}

// take keeps what was seen last when a look fails, and says that it did.
func (m *model) take(seen looked) {
	m.Now, m.Failed = seen.at, seen.err
	if seen.err == nil {
		m.State, m.Looked = seen.state, seen.at
	}
	m.settle()
}

func (m model) press(key string) (model, tea.Cmd) {
	if key == "q" || key == "ctrl+c" {
		return m, tea.Quit
	}
	if m.help {
		m.help = false
		return m, nil
	}
	switch key {
	case "?", "h":
		m.help = true
	case "j", "down":
		m.scroll(1)
	case "k", "up":
		m.scroll(-1)
	case "pgdown", "ctrl+f", " ":
		m.scroll(page)
	case "pgup":
		m.scroll(-page)
	case "G", "end":
		m.scroll(everything)
	case "g", "home":
		m.scroll(-everything)
	case "tab":
		m.turn(1)
	case "shift+tab":
		m.turn(-1)
	case "ctrl+l":
		return m, tea.ClearScreen
	}
	return m, nil
}

// scroll moves the list that scrolls, as far as it goes.
func (m *model) scroll(by int) {
	p := m.plan(m.width, m.height)
	if p.focus < 0 {
		return
	}
	m.focus = p.focus
	m.offset[p.focus] += by
	m.settle()
}

// turn moves the keys to the next list that does not fit, or the one before.
func (m *model) turn(by int) {
	p := m.plan(m.width, m.height)
	for i := p.focus; p.focus >= 0; {
		i = (i + by + listsShown) % listsShown
		if p.most(i) > 0 {
			m.focus = i
			return
		}
	}
}

// settle brings the lists back into sight when they or the screen became smaller.
func (m *model) settle() {
	p := m.plan(m.width, m.height)
	for i := range m.offset {
		m.offset[i] = max(0, min(m.offset[i], p.most(i)))
	}
}
