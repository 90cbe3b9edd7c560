package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// acceptRetry is how long a door waits when the system has no connection to
// give, as when files run out.
const acceptRetry = 100 * time.Millisecond

// A door is an address at which one tape is played.
type door struct {
	address  string
	tape     *tape
	server   *Server
	listener net.Listener
}

// run serves whoever connects, until the listener is closed, and waits for all
// of them to be gone. Who finds the server full is turned away at once.
func (d *door) run(ctx context.Context, crowd chan struct{}) error {
	var clients sync.WaitGroup
	defer clients.Wait()
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("replay: door %s: %w", d.address, err)
			}
			d.server.log.Warn("cannot accept", "door", d.address, "err", err)
			pause(ctx, acceptRetry)
			continue
		}
		select {
		case crowd <- struct{}{}:
			clients.Go(func() {
				d.serve(ctx, conn)
				<-crowd
			})
		default:
			d.server.log.Warn("turned away: full", "door", d.address, "clients", maxClients)
			_ = conn.Close()
		}
	}
}

// serve plays to one connection, and closes it.
func (d *door) serve(ctx context.Context, conn net.Conn) {
	log := d.server.log.With("door", d.listener.Addr().String(), "client", conn.RemoteAddr().String())
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer cancel()
	log.Debug("connected")
	err := d.play(ctx, conn)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	log.Info("gone", "why", err)
}

// play serves one connection as its kind wants it. It returns why it ended.
func (d *door) play(ctx context.Context, conn net.Conn) error {
	c := newClient(d, conn)
	if d.server.options.Kind == AMI {
		return newManager(c, &d.server.options).run(ctx)
	}
	c.enter(time.Now())
	return c.talk(ctx, visit{read: func(context.Context) error { return discard(conn) }})
}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
