package tui

import (
	"context"
	"io"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// A worker does what the loop must not wait for. All of it ends with the
// context that it was given.
type worker struct {
	running sync.WaitGroup
	mu      sync.Mutex
	leave   context.CancelFunc // ends the last look at a place
	halt    context.CancelFunc // ends the line that runs
}

// wait blocks until all that was begun has ended.
func (w *worker) wait() {
	w.mu.Lock() // whoever began before has counted itself
	defer w.mu.Unlock()
	w.running.Wait()
}

// work returns the commands; what is copied goes to the terminal, out.
func (w *worker) work(ctx context.Context, from Sources, out io.Writer) work {
	return work{
		pair:  w.pair(ctx, from.Pair),
		place: w.place(ctx, from),
		run:   w.run(ctx, from.Do),
		copy: func(text string) tea.Cmd {
			return func() tea.Msg {
				_, _ = io.WriteString(out, ansi.SetSystemClipboard(text)) // a terminal that cannot does nothing either
				return nil
			}
		},
		halt: func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.halt != nil {
				w.halt()
			}
		},
		try: func(edits []Edit, serial, plan int) tea.Cmd {
			return func() tea.Msg {
				return w.doing(ctx, func(ctx context.Context) tea.Msg {
					would, err := from.Editor.Try(ctx, edits)
					return tried{serial, plan, would, err}
				})
			}
		},
		fetch: func(t writing) tea.Cmd {
			return func() tea.Msg {
				return w.doing(ctx, func(ctx context.Context) tea.Msg {
					text, err := from.Texts.Write(ctx, t.kind, t.keys)
					return fetched{t.serial, text, err}
				})
			}
		},
		judge: func(t writing, draft []Edit) tea.Cmd {
			return func() tea.Msg {
				return w.doing(ctx, func(ctx context.Context) tea.Msg {
					edits, err := from.Texts.Read(ctx, t.text)
					if err != nil || len(edits) == 0 {
						return judged{serial: t.serial, err: err}
					}
					would, err := from.Editor.Try(ctx, drafted(draft, edits...))
					return judged{t.serial, edits, would, err}
				})
			}
		},
		save: func(edits []Edit) tea.Cmd {
			return func() tea.Msg {
				return w.doing(ctx, func(ctx context.Context) tea.Msg {
					text, err := from.Editor.Save(ctx, edits)
					return saved{text, err}
				})
			}
		},
	}
}

// pair looks at the pair, one look at a time.
func (w *worker) pair(ctx context.Context, from Source) func() tea.Msg {
	busy := make(chan struct{}, 1) // holds one while somebody looks
	return func() tea.Msg {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
			return w.doing(ctx, func(ctx context.Context) tea.Msg { return glimpse(ctx, from) })
		case <-ctx.Done():
			return nil
		}
	}
}

// place looks at a place; the look before, if it goes on still, is ended.
func (w *worker) place(ctx context.Context, from Sources) func(int, screen, place, string) tea.Cmd {
	return func(visit int, s screen, at place, id string) tea.Cmd {
		until := w.instead(ctx, &w.leave)
		return func() tea.Msg {
			return w.doing(until, func(ctx context.Context) tea.Msg {
				k, took := glance(ctx, s, from, at)
				if ctx.Err() != nil {
					return nil // nobody waits for it any more
				}
				return visited{visit, id, k, took}
			})
		}
	}
}

// run runs a line.
func (w *worker) run(ctx context.Context, by Doer) func([]string, *transcript) tea.Cmd {
	return func(args []string, to *transcript) tea.Cmd {
		until := ctx
		if to.plan == 0 {
			until = w.instead(ctx, &w.halt)
		}
		return func() tea.Msg {
			return w.doing(ctx, func(context.Context) tea.Msg {
				to.end(by.Do(until, args, to))
				return nil
			})
		}
	}
}

// doing does f, and has wait wait for it. Once ctx has ended nothing is begun.
func (w *worker) doing(ctx context.Context, f func(context.Context) tea.Msg) tea.Msg {
	w.mu.Lock()
	if ctx.Err() != nil {
		w.mu.Unlock()
		return nil
	}
	w.running.Add(1)
	w.mu.Unlock()
	defer w.running.Done()
	return f(ctx)
}

// instead returns a context that ends when the next one is made in its place.
func (w *worker) instead(ctx context.Context, slot *context.CancelFunc) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *slot != nil {
		(*slot)()
	}
	ctx, *slot = context.WithCancel(ctx)
	return ctx
}

func glimpse(ctx context.Context, from Source) looked {
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, lookWithin)
	defer stop()
	state, err := from.Load(ctx)
	return looked{state: state, err: err, at: time.Now(), took: time.Since(began)}
}
