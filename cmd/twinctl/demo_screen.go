package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"sync"
	"syscall"

	"github.com/twinctl/twin/cmd/internal/cli"
)

// When the demo opens the screen.
const (
	screenAuto = "auto"
	screenYes  = "yes"
	screenNo   = "no"
)

// opensScreen decides whether the demo does, by what was asked for, whether this
// process is in front on its terminal, and why there can be no screen.
func opensScreen(when string, noInput, front bool, cannot error) (bool, error) {
	switch when {
	case screenAuto:
		return cannot == nil && front && !noInput, nil
	case screenNo:
		return false, nil
	case screenYes:
		if cannot == nil && noInput {
			cannot = errors.New("with --no-input nobody is asked for keys")
		}
		if cannot != nil {
			return false, fmt.Errorf("--screen %s: %w", when, cannot)
		}
		return true, nil
	default:
		return false, fmt.Errorf("--screen %q: want %s, %s or %s", when, screenAuto, screenYes, screenNo)
	}
}

// untilHangup returns a context that also ends when the terminal is closed, unless
// whoever started this program wants it to go on then, as nohup does; what is on a
// screen cannot.
func untilHangup(ctx context.Context, screen bool) (context.Context, context.CancelFunc) {
	if !screen && signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

// An aside is what is said beside a screen: it is kept while that is drawn, which
// it would be written across.
type aside struct {
	to    io.Writer
	mu    sync.Mutex
	drawn bool
	kept  bytes.Buffer
}

// Write implements io.Writer. It may be called by several goroutines.
func (a *aside) Write(text []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.drawn {
		return a.kept.Write(text)
	}
	return a.to.Write(text)
}

// draw begins to keep what is said, or ends it and says that.
func (a *aside) draw(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drawn = on
	if !on {
		_, _ = a.kept.WriteTo(a.to) // nobody can be told
	}
}

// screen returns what shows a server as twinctl tui --config does.
func (a *aside) screen(call *cli.Call) func(context.Context, string) error {
	return func(ctx context.Context, config string) error {
		as := *call
		as.Config, as.Named, as.Set = config, config, nil
		a.draw(true)
		defer a.draw(false)
		return with(func(ctx context.Context, call *cli.Call, s *site) error {
			return showScreen(ctx, call, s, screenWish{theme: "auto"})
		})(ctx, &as)
	}
}
