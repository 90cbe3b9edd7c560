package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// A process is what an exec request started on the other side: its input and
// output are the channel's.
type process struct {
	ssh.Channel
	ended chan struct{} // closed when the other side has closed the channel
	heard chan struct{} // closed when it has closed its stderr

	mu   sync.Mutex
	exit string          // how it ended, in words; "" until it said so
	said strings.Builder // the beginning of its stderr
}

// lastWords is how long an end may take to say why.
const lastWords = time.Second

// maxSaid is how much of stderr is kept, to tell why a process ended.
const maxSaid = 1 << 10

// exec starts the fixed command of a session. That the command is not let in
// is ErrRefused.
func (c *Client) exec(ctx context.Context, s Session) (*process, error) {
	return c.begin(ctx, "exec", string(s))
}

// begin opens a channel and asks for a command or a subsystem there.
func (c *Client) begin(ctx context.Context, request, name string) (*process, error) {
	p, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	err = c.within(ctx, func() error {
		ok, err := p.SendRequest(request, true, ssh.Marshal(struct{ Name string }{name}))
		if err != nil {
			return p.gone(err, false)
		}
		if !ok {
			return fmt.Errorf("%w: %q is not let in", ErrRefused, name)
		}
		return nil
	})
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

// open opens a channel. The library can wait for ever for one whose opening
// meets the end of the connection: nothing of ours waits for it.
func (c *Client) open(ctx context.Context) (*process, error) {
	select {
	case c.spare <- struct{}{}:
	default:
		err := fmt.Errorf("%w: %w: it leaves channels half closed", ErrLost, ErrFrozen)
		c.end(err)
		return nil, err
	}
	result := make(chan error, 1)
	p := &process{ended: make(chan struct{}), heard: make(chan struct{})}
	go func() {
		ch, requests, err := c.conn.OpenChannel("session", nil)
		if err != nil {
			<-c.spare
			result <- opening(err)
			return
		}
		p.Channel = ch
		if !c.start(func() { p.follow(requests); <-c.spare }) || !c.start(p.listen) {
			err = c.cause
		}
		if ctx.Err() != nil { // too late
			_ = ch.Close()
		}
		result <- err
	}()
	select {
	case err := <-result:
		return p, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.done:
		return nil, c.cause
	}
}

func opening(err error) error {
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return fmt.Errorf("%w: no session: %s", ErrRefused, shorten(refused.Message))
	}
	return fmt.Errorf("%w: %s", ErrLost, plain(err))
}

// follow notes how the process ends.
func (p *process) follow(requests <-chan *ssh.Request) {
	defer close(p.ended)
	for r := range requests {
		_ = r.Reply(false, nil)
		p.mu.Lock()
		switch {
		case r.Type == "exit-status" && len(r.Payload) == 4:
			p.exit = fmt.Sprintf("exit status %d", binary.BigEndian.Uint32(r.Payload))
		case r.Type == "exit-signal":
			p.exit = "killed by a signal"
		}
		p.mu.Unlock()
	}
}

// listen keeps the beginning of stderr and drops the rest, so that the channel
// never stands still for it.
func (p *process) listen() {
	defer close(p.heard)
	buf := make([]byte, maxSaid)
	for {
		n, err := p.Stderr().Read(buf)
		p.mu.Lock()
		p.said.Write(buf[:min(n, maxSaid-p.said.Len())])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// gone makes an end of file mean what it means: the process ended by itself,
// or the connection did. What the other side has to say about it may still be
// under way, and is waited for a moment. spoke says that it was there before.
func (p *process) gone(err error, spoke bool) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	_ = p.Close()
	enough := time.After(lastWords)
	for _, word := range []chan struct{}{p.ended, p.heard} {
		select {
		case <-word:
		case <-enough:
			enough = time.After(0)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit == "" {
		return fmt.Errorf("%w: %s", ErrLost, plain(err))
	}
	why := p.exit
	if line, _, _ := strings.Cut(strings.TrimSpace(p.said.String()), "\n"); line != "" {
		why += ": " + shorten(line)
	}
	if spoke {
		return fmt.Errorf("%w: its end of the link ended: %s", ErrLost, why)
	}
	return fmt.Errorf("%w: its end of the link ended at once: %s", ErrRefused, why)
}
