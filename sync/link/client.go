package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// A Client is a standing link to a twin. Its methods may be called from many
// goroutines. It ends with Close, or by itself when the link is lost; it is
// never dialled again: that is its owner's to decide.
type Client struct {
	target  Target
	options Options
	log     *slog.Logger
	meter   *meter
	conn    ssh.Conn
	version int
	calls   *calls
	files   chan *fileEnd // holds one: the file end, nil until it is needed
	putting chan struct{} // a place for the one upload
	spare   chan struct{} // a place for each channel that may stand open

	mu      sync.Mutex // held to start something, and to end
	running sync.WaitGroup
	done    chan struct{}
	cause   error // why it ended; set before done is closed
}

// maxChannels is how many channels may stand open or half open.
const maxChannels = 4

// Version returns the version of the link that both sides speak.
func (c *Client) Version() int { return c.version }

// BytesIn returns how many bytes came over the network so far.
func (c *Client) BytesIn() int64 { return c.meter.in.Load() }

// BytesOut returns how many bytes went over the network so far.
func (c *Client) BytesOut() int64 { return c.meter.out.Load() }

// Done is closed when the link has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the link has ended; nil as long as it stands.
func (c *Client) Err() error {
	if !c.over() {
		return nil
	}
	return about(c.target, c.cause)
}

func (c *Client) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Wait blocks until the link has ended, and returns why.
func (c *Client) Wait() error {
	<-c.done
	return c.Err()
}

// Close ends the link. Calls and files under way fail with ErrLost. When it
// returns, all that the link had started has stopped.
func (c *Client) Close() error {
	c.end(fmt.Errorf("%w: closed", ErrLost))
	c.running.Wait()
	return nil
}

// end ends the link for a cause; the first one stays.
func (c *Client) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over() {
		return
	}
	c.cause = cause
	close(c.done)
	_ = c.meter.Close() // wakes whoever reads or writes
	_ = c.conn.Close()
}

// start runs f beside what is running, unless the link has ended.
func (c *Client) start(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over() {
		return false
	}
	c.running.Go(f)
	return true
}

// live starts what keeps the link and watches over it.
func (c *Client) live(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	c.start(func() {
		err := c.conn.Wait()
		c.end(fmt.Errorf("%w: %s", ErrLost, plain(err)))
	})
	c.start(func() { c.refuse(channels, requests) })
	c.start(func() {
		p := pulse{conn: c.conn, meter: c.meter, every: c.options.Keepalive, misses: c.options.Misses}
		p.watch(c.done, func() {
			c.end(fmt.Errorf("%w: %w: not a sign of life for %s", ErrLost, ErrFrozen,
				time.Duration(c.options.Misses)*c.options.Keepalive))
		})
	})
}

// ping says now and then that this end of a session is there, until ended is
// closed; one at a time, which returns at the latest when the session ends.
func (c *Client) ping(ended <-chan struct{}, say func()) {
	tick := time.NewTicker(c.options.Ping)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			say()
		case <-ended:
			return
		}
	}
}

// refuse answers what a server may ask of its client: nothing is granted. A
// server asks for a sign of life now and then, and tells its keys once; one
// that never stops is cut off.
func (c *Client) refuse(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	patience := newBudget(64, 8)
	for channels != nil || requests != nil {
		var err error
		select {
		case ch, ok := <-channels:
			if !ok {
				channels = nil
				continue
			}
			err = ch.Reject(ssh.Prohibited, "nothing is served here")
		case r, ok := <-requests:
			if !ok {
				requests = nil
				continue
			}
			err = r.Reply(false, nil)
		}
		if err == nil && !patience.spend(time.Now()) {
			c.end(fmt.Errorf("%w: %w: it floods us with requests", ErrLost, ErrProtocol))
		}
	}
}

// within runs f, which blocks, until ctx or the link ends. f goes on by itself
// then, and has to end with the link at the latest.
func (c *Client) within(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	if !c.start(func() { result <- f() }) {
		return c.cause
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return c.cause
	}
}

// bounded returns ctx with a deadline, its own or the one that the options give.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.options.Answer)
}

// late says whom an error is about, and that there was no answer in time where
// that is what it means. That ctx was cancelled is left as it is.
func (c *Client) late(err error, what string) error {
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrFrozen) {
		return about(c.target, err)
	}
	return about(c.target, fmt.Errorf("%w: no answer to %s in time: %w", ErrFrozen, what, err))
}
