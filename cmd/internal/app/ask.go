package app

import (
	"context"
	"errors"
	"time"

	"github.com/twinctl/twin/collector/node"
)

// goneAfter is how long the server must be gone for a request to be given up:
// it is claimed within five seconds or not at all, and a restart takes one.
const goneAfter = 6 * time.Second

// Ask puts a request to the running server, as node.DB.Ask does. A server that
// took it and died is node.ErrNoAnswer. Only another process than that server
// may ask so.
func Ask(ctx context.Context, data *Data, r node.Request, progress func(string)) (node.Answer, error) {
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
	return a, err
}
