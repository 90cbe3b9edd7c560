package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// acceptRetry is how long a door waits when the system has no connection to
// give, as when files run out.
const acceptRetry = 100 * time.Millisecond

// A door is where one tape is played: an address at which clients are heard, or
// one to which it is sent, or a file that it is written to.
type door struct {
	address  string
	tape     *tape
	server   *Server
	listener net.Listener // of a kind that listens
	file     *os.File     // of kind tail
}

// open binds the address, or begins the file. An address that is sent to needs
// nothing.
func (d *door) open(ctx context.Context) error {
	switch d.server.options.Kind {
	case RELP:
		return nil
	case Tail:
		f, err := begin(d.address)
		d.file = f
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", d.address)
	if err != nil {
		return fmt.Errorf("replay: door for %s: %w", d.tape.file, err)
	}
	d.listener = l
	return nil
}

// isOpen tells whether the door can be played at.
func (d *door) isOpen() bool {
	return d.listener != nil || d.file != nil || d.server.options.Kind == RELP
}

// close lets nobody in any more.
func (d *door) close() {
	if d.listener != nil {
		_ = d.listener.Close() // once more does no harm
	}
}

// run plays until ctx ends.
func (d *door) run(ctx context.Context, crowd chan struct{}) error {
	switch d.server.options.Kind {
	case RELP:
		return newSender(d).run(ctx)
	case Tail:
		return newWriter(d).run(ctx)
	default:
		return d.receive(ctx, crowd)
	}
}

// receive serves whoever connects, until the listener is closed, and waits for
// all of them to be gone. Who finds the server full is turned away at once.
func (d *door) receive(ctx context.Context, crowd chan struct{}) error {
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
