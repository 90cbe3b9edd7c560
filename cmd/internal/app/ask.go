package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/node"
)

const (
	// startWithin is how long a server that does not run is given to start: a
	// restart takes about that.
	startWithin = time.Second
	// goneAfter is how long the server must be gone for a request that was put to
	// be given up: it is claimed within five seconds or not at all.
	goneAfter = 6 * time.Second
)

// ErrNotTaken is returned when twind runs and does not take requests: it was
// stopped, or hangs. The request was withdrawn; nothing was changed.
var ErrNotTaken = errors.New("it runs, and did not take the request within 5 s; nothing was changed")

// Ask puts a request to the running server, as node.DB.Ask does. Where none runs
// the request is not even put: node.ErrNotClaimed. A server that took it and died
// is node.ErrNoAnswer, one that runs and hangs ErrNotTaken.
// Only another process than that server may ask so.
func Ask(ctx context.Context, data *Data, r node.Request, progress func(string)) (node.Answer, error) {
	if !starts(ctx, data.Dir) {
		return node.Answer{}, cmp.Or(ctx.Err(), node.ErrNotClaimed)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		for alive := time.Now(); pause(ctx, time.Second); {
			if Running(data.Dir) != 0 {
				alive = time.Now()
			} else if time.Since(alive) > goneAfter {
				cancel(node.ErrNoAnswer)
				return
			}
		}
	}()
	a, err := data.Node.Ask(ctx, r, progress)
	if err != nil && errors.Is(context.Cause(ctx), node.ErrNoAnswer) {
		err = node.ErrNoAnswer
	}
	if pid := Running(data.Dir); pid != 0 && errors.Is(err, node.ErrNotClaimed) {
		err = cli.Fail(cli.Refused, fmt.Errorf("twind (process %d): %w", pid, ErrNotTaken), cli.RestartTwind)
	}
	return a, err
}

// starts waits for a server to run on the data directory, unless one does.
func starts(ctx context.Context, dir string) bool {
	for end := time.Now().Add(startWithin); Running(dir) == 0; {
		if time.Now().After(end) || !pause(ctx, startWithin/20) {
			return false
		}
	}
	return true
}
