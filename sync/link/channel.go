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
	select {
	case c.spare <- struct{}{}:
	default:
		err := fmt.Errorf("%w: %w: it leaves channels half closed", ErrLost, ErrFrozen)
		c.end(err)
		return nil, err
	}
	var p *process
	err := c.within(ctx, func() error {
		ch, requests, err := c.conn.OpenChannel("session", nil)
		if err != nil {
			<-c.spare
			return opening(err)
		}
		p = &process{Channel: ch, ended: make(chan struct{})}
		if !c.start(func() { p.follow(requests); <-c.spare }) || !c.start(p.listen) {
			return c.cause
		}
		ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{string(s)}))
		switch {
		case err != nil:
			err = fmt.Errorf("%w: %s", ErrLost, plain(err))
		case !ok:
			err = fmt.Errorf("%w: %q is not let in", ErrRefused, string(s))
		case ctx.Err() != nil:
			err = ctx.Err()
		}
		if err != nil {
			_ = ch.Close()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
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
	select {
	case <-p.ended:
	case <-time.After(lastWords):
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
