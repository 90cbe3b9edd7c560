// Package tui is the screens: pictures that are pure functions of what this
// server knows of both twins, and the loop that keeps them fresh.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/twinctl/twin/tui/hush"
)

// Bubble Tea is initialized: the environment may be as it was.
var _ = hush.End()

const (
	lookEvery  = time.Second
	lookWithin = 10 * time.Second // then the look has failed, and the next one begins
	restFactor = 10               // a look that takes long is followed by this many times as long a rest,
	restMost   = 10 * time.Second // but not by more
	frames     = 30               // a second, at most: over a slow link each byte counts; the first comes after one of these
)

// A Source is where the screens look.
type Source interface {
	// Load returns what this server knows now of the pair. It is called once a second,
	// less often where it takes long, never twice at a time, and not by the loop that draws: it may block.
	Load(ctx context.Context) (State, error)
}

// Sources are where each screen looks, and what does things. All may block, and
// all are asked by more than one goroutine. A screen without its source is left
// out; so are the keys of what nobody does.
type Sources struct {
	Pair       Source
	Feeds      Listener
	Timetables Planner
	Runs       Ledger
	Reports    Reporter
	Admin      Administration
	Sync       Syncer
	Moves      Mover
	Books      Books
	Journal    Journal
	Do         Doer
	Editor     Editor
	Texts      Writer
}

// Options are how and where the screen is drawn.
type Options struct {
	In    io.Reader // a terminal
	Out   io.Writer // a terminal
	Theme Theme
	Look  string // why nothing is changed from here; "": it is
	// May says why the person may not run a twinctl line, "" if that may be. It is
	// called by the loop that draws: it must not block. nil: everything may be.
	May   func(args []string) string
	Apart bool // nobody who suspends the screen could come back to it
	// Editor is the program that a person edits texts with, and its arguments; the
	// file comes behind them. Empty: no program may be started from here, as in a
	// session of somebody who has no shell on this machine.
	Editor []string
	Config string // the file that each proposed twinctl command has to be given; "" if none
	// Local says how a proposed command about twind is typed on this machine;
	// it gets every other command too, and returns that as it is.
	Local func(command string) string
}

// Run shows the screens until a person leaves them, and then returns nil. When
// ctx ends it returns its error. However it ends, the terminal is as it was, and
// what a key began has ended.
func Run(ctx context.Context, from Sources, o Options) error {
	begun, stop := context.WithCancel(ctx)
	var w worker
	defer func() {
		stop()
		w.wait()
	}()
	f := newFrame(screens(from))
	f.looks, f.may, f.apart, f.programs = o.Look, o.May, o.Apart, len(o.Editor) > 0 && !o.Apart && from.Texts != nil
	f.view = view{Now: time.Now(), flags: flags(o.Config), local: o.Local}
	m := model{frame: f, themes: themesFrom(o.Theme), work: w.work(begun, from, o.Out)}
	m.work.edit = edit(begun, o.Editor)
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out),
		tea.WithAltScreen(), tea.WithFPS(frames), tea.WithoutSignalHandler())
	_, err := program.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(err, tea.ErrProgramKilled):
		return ctx.Err()
	default:
		return fmt.Errorf("screen: %w", err)
	}
}

// themesFrom returns all themes, beginning with one.
func themesFrom(first Theme) []Theme {
	all := []Theme{first}
	for _, t := range Themes() {
		if t.Name != first.Name {
			all = append(all, t)
		}
	}
	return all
}

// flags is what a proposed command needs so that it is about the same server.
func flags(config string) string {
	if config == "" {
		return ""
	}
	return " --config " + argument(foreign(config))
}
