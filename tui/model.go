package tui

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// How many rows the page keys scroll, and more than there ever are.
const (
	pageRows   = 10
	everything = 1 << 30
)

// pollEvery is how often a line that runs is listened to.
const pollEvery = 150 * time.Millisecond

// A looked is what a look at the pair brought.
type looked struct {
	state State
	err   error
	at    time.Time
	took  time.Duration
}

// A visited is what a look at a place brought.
type visited struct {
	visit int // the one it was for
	id    string
	known known
	took  time.Duration
}

// A ticked moves the clock of the picture, unless a look has done so since.
type ticked struct {
	at      time.Time
	glances int // how many looks there were when the wait for it began
}

type (
	again    struct{}            // the wait until the next look is over
	anew     struct{ visit int } // likewise, of the place of that visit
	listened struct{ to *transcript }
	ripened  struct{ since int }
)

// A model is the frame and what works for it, as Bubble Tea keeps them.
type model struct {
	frame
	themes  []Theme
	visit   int // counts: a look for an older one is not shown
	glances int // counts the looks at the pair
	work    work
	drawn   *drawing // of what there is now; nil: none is kept
}

// A drawing is the picture of a model, "" until it was asked for. It belongs to
// what there was between two things that happened, and never outlives it: whatever
// may change the picture puts a new one in its place.
type drawing struct{ text string }

// A work is what the loop has done outside of it. Each of its commands may block.
type work struct {
	pair  func() tea.Msg                                         // looks at the pair
	place func(visit int, s screen, at place, id string) tea.Cmd // looks at a place, in the stead of any before
	run   func(args []string, to *transcript) tea.Cmd
	copy  func(text string) tea.Cmd
	halt  func() // interrupts what runs
	try   func(edits []Edit, serial, plan int) tea.Cmd
	save  func(edits []Edit) tea.Cmd
	fetch func(w writing) tea.Cmd // the text of rows
	judge func(w writing, draft []Edit) tea.Cmd
	edit  func(text string, serial int) tea.Cmd // has a program edit it; nil: none may be started
}

// Init begins to look and starts the clock.
func (m model) Init() tea.Cmd { return tea.Batch(m.work.pair, m.tick(time.Second), m.look()) }

// lateAfter is how long the clock waits for a look that is due and moves it too: a
// second has one picture then, not two.
const lateAfter = 100 * time.Millisecond

func (m model) tick(after time.Duration) tea.Cmd {
	glances := m.glances
	return tea.Tick(after, func(now time.Time) tea.Msg { return ticked{now, glances} })
}

// View draws. It is asked after each message, whatever came of it.
func (m model) View() string {
	if m.drawn == nil {
		return render(m.frame, m.width, m.height, m.theme())
	}
	if m.drawn.text == "" {
		m.drawn.text = render(m.frame, m.width, m.height, m.theme())
	}
	return m.drawn.text
}

func (m model) theme() Theme {
	if len(m.themes) == 0 {
		return Theme{}
	}
	return m.themes[m.themed%len(m.themes)]
}

// Update takes in what happened. It never blocks: looking and doing are commands.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case again:
		return m, m.work.pair
	case anew:
		if msg.visit == m.visit {
			return m, m.look()
		}
		return m, nil
	case ticked:
		if msg.glances != m.glances {
			return m, nil
		}
	}
	m.drawn = &drawing{}
	return m.happened(msg)
}

// happened takes in what may change the picture.
func (m model) happened(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.frame = m.settled()
	case ticked:
		if !m.frozen {
			m.Now = msg.at
		}
		return m, m.tick(time.Second)
	case looked:
		m.take(msg)
		m.glances++
		rest := min(max(lookEvery, restFactor*msg.took), restMost)
		next := tea.Tick(rest, func(time.Time) tea.Msg { return again{} })
		return m, tea.Batch(next, m.tick(lookEvery+lateAfter))
	case visited:
		return m.arrived(msg)
	case listened:
		return m.listen(msg.to)
	case ripened:
		m.ripen(msg)
	case tried:
		m.frame = m.tried(msg)
		return m.grant(wish{ripen: m.asking != nil})
	case saved:
		m.frame = m.savedSo(msg)
		return m.grant(wish{look: true})
	case fetched, written, judged:
		f, w := m.wrote(msg)
		m.frame = f
		return m.grant(w)
	case tea.KeyMsg:
		return m.typed(msg)
	case tea.MouseMsg:
		f, w := m.mouse(msg)
		m.frame = f
		return m.grant(w)
	}
	return m, nil
}

// ripen has a yes count, if nothing was pressed since the plan stood there.
func (m *model) ripen(r ripened) {
	if k := m.asking; k != nil && k.since == r.since {
		ripe := *k
		ripe.ripe, m.asking = true, &ripe
	}
}

// look looks at what is seen.
func (m model) look() tea.Cmd {
	s := m.screen()
	if s.look == nil || m.work.place == nil {
		return nil
	}
	return m.work.place(m.visit, s, m.browse().place, m.placeID())
}

// arrived keeps what a look at a place brought, and looks again in a while.
func (m model) arrived(v visited) (tea.Model, tea.Cmd) {
	if !m.frozen {
		m.frame = m.took(v.id, v.known)
	}
	p, _ := m.page()
	if v.visit != m.visit || p.pace < 0 {
		return m, nil
	}
	rest := min(max(cmp.Or(p.pace, usualPace), restFactor*v.took), max(restMost, p.pace))
	return m, tea.Tick(rest, func(time.Time) tea.Msg { return anew{v.visit} })
}

// typed presses keys one by one: what is typed fast, or arrives late, comes in
// one piece. What was pasted is text: it goes into what is being typed, or nowhere.
func (m model) typed(msg tea.KeyMsg) (tea.Model, tea.Cmd) {
	if msg.Paste {
		m.frame = m.pasted(string(msg.Runes))
		return m, nil
	}
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 {
		return m.press(msg.String())
	}
	var all []tea.Cmd
	for _, r := range msg.Runes {
		next, cmd := m.press(string(r))
		m, all = next, append(all, cmd)
	}
	return m, tea.Batch(all...)
}

// press does what a key does, and what it wishes for.
func (m model) press(key string) (model, tea.Cmd) {
	f, w := m.frame.press(key)
	m.frame = f
	return m.grant(w)
}

func (m model) grant(w wish) (model, tea.Cmd) {
	var all []tea.Cmd
	if w.quit {
		return m, tea.Quit
	}
	if w.clear {
		all = append(all, tea.ClearScreen)
	}
	if w.look {
		m.visit++
		all = append(all, m.look())
	}
	if w.run != nil {
		to := &transcript{job: m.job.serial}
		all = append(all, m.work.run(w.run, to), listenTo(to))
	}
	if w.plan != nil {
		to := &transcript{plan: m.asking.serial}
		all = append(all, m.work.run(w.plan, to), listenTo(to))
	}
	if w.ripen && m.asking != nil {
		since := m.asking.since
		all = append(all, tea.Tick(ripeAfter, func(time.Time) tea.Msg { return ripened{since} }))
	}
	if w.copied != "" {
		all = append(all, m.work.copy(w.copied))
	}
	if w.mouse && m.mouseOn {
		all = append(all, tea.EnableMouseCellMotion)
	} else if w.mouse {
		all = append(all, tea.DisableMouse)
	}
	if w.suspend {
		all = append(all, tea.Suspend)
	}
	if w.halt {
		m.work.halt()
	}
	if w.check && m.form != nil {
		all = append(all, m.work.try(drafted(m.draft, m.form.edits()...), m.form.serial, 0))
	}
	if w.check && m.asking != nil {
		all = append(all, m.work.try(m.draft, 0, m.asking.serial))
	}
	if m.writing != nil {
		all = append(all, m.write(w))
	}
	if w.save {
		all = append(all, m.work.save(m.draft))
	}
	return m, tea.Batch(all...)
}

// write does what is wished for about a text.
func (m model) write(w wish) tea.Cmd {
	switch t := *m.writing; {
	case w.fetch:
		return m.work.fetch(t)
	case w.edit && m.work.edit != nil:
		return m.work.edit(t.text, t.serial)
	case w.check:
		return m.work.judge(t, m.draft)
	}
	return nil
}

func listenTo(t *transcript) tea.Cmd {
	return tea.Tick(pollEvery, func(time.Time) tea.Msg { return listened{t} })
}

// listen takes over what a line said until now.
func (m model) listen(t *transcript) (tea.Model, tea.Cmd) {
	said, ended, exit := t.read()
	if t.plan != 0 {
		if m.asking != nil && m.asking.serial == t.plan && ended {
			m.frame = m.plannedSo(said, exit)
			return m.grant(wish{ripen: true})
		}
	} else if m.job == nil || m.job.serial != t.job {
		return m, nil // another line was begun in its stead
	} else {
		j := *m.job
		j.said, j.ended, j.exit = said, ended, exit
		m.job = &j
		if ended {
			m.frame = m.frame.ended()
			return m.grant(wish{look: true})
		}
	}
	if ended {
		return m, nil
	}
	return m, listenTo(t)
}

// take keeps what was seen last when a look fails, and says that it did.
func (m *model) take(seen looked) {
	if m.frozen {
		return
	}
	first := m.Looked.IsZero()
	m.Now, m.Failed = seen.at, seen.err
	if seen.err == nil {
		m.State, m.Looked = seen.state, seen.at
		m.rates = m.rated()
	}
	m.frame = m.settled()
	there := slices.ContainsFunc(m.sides(), func(s side) bool { return !s.here && s.fresh() && s.doc.Running })
	if first && m.Own.Role == "secondary" && there {
		m.message = notice{"this is the secondary: people belong on " + m.twinName() + ", where everything is administered", warn}
	}
}

// glance looks at a place, for at most as long as a look may take.
func glance(ctx context.Context, s screen, from Sources, at place) (known, time.Duration) {
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, lookWithin)
	defer stop()
	data, err := s.look(ctx, from, at)
	k := known{failed: err}
	if err == nil {
		k.data, k.looked = data, time.Now()
	}
	return k, time.Since(began)
}
