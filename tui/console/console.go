// Package console serves people who log in by SSH: the screens to who has a
// terminal, a verb of twinctl to who asks for one. Each session is a process of
// its own, which the server only starts, watches and ends.
package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/sync/link"
)

// Options are what a Console is made of.
type Options struct {
	// Known is link.People's.
	Known func(ctx context.Context, login, line string) (bool, error)
	// Command returns the program that serves a login, and its arguments. What a
	// person asks for it finds in SSH_ORIGINAL_COMMAND.
	Command func(login string) []string
	Limits  func() Limits // as they are now; a session that goes on goes by it too
	Log     *slog.Logger
}

// Limits bound what people take.
type Limits struct {
	Sessions int           // at once, of all together: as many as the book has, and as this server starts
	Idle     time.Duration // how long nothing may come of one
	Longest  time.Duration // how long one may last
}

// Over says why a session that lasts so long, and from which nothing came for so
// long, is to end; nil: it is not.
func (l Limits) Over(lasted, quiet time.Duration) error {
	switch {
	case lasted > l.Longest:
		return fmt.Errorf("a session lasts %s at most: log in again", l.Longest)
	case quiet > l.Idle:
		return fmt.Errorf("nothing came for %s: log in again", l.Idle)
	}
	return nil
}

// A Console is where people are received. It implements link.People.
type Console struct {
	options Options

	mu    sync.Mutex
	stays int
}

// New returns a console that receives whom Options.Known knows.
func New(o Options) *Console { return &Console{options: o} }

// Known implements link.People.
func (c *Console) Known(ctx context.Context, login, line string) (bool, error) {
	return c.options.Known(ctx, login, line)
}

// The exit statuses that are this package's own: those of twinctl.
const (
	failed = 1
	busy   = 9
	ended  = 130
)

// Receive implements link.People.
func (c *Console) Receive(ctx context.Context, g link.Guest, asked link.Stay) int {
	s := &stay{Stay: asked, guest: g, since: time.Now(), limits: c.options.Limits}
	log := c.options.Log.With("login", g.Login, "from", g.From.String(), "key", g.Key)
	if !c.enter(s) {
		log.Warn("ssh: session refused: too many people are here")
		say(asked, ErrFull.Error())
		return busy
	}
	log.Info("ssh: session begins", "terminal", asked.Term != nil, "command", brief(asked.Command))
	status, err := s.serve(ctx, c.options.Command(g.Login))
	c.leave() // before anything more is said: others need not wait for who does not listen
	log.Info("ssh: session ended", "after", time.Since(s.since).Round(time.Second).String(), "exit", status, "err", err)
	if err != nil {
		say(asked, err.Error())
	}
	return status
}

func (c *Console) enter(s *stay) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stays >= s.limits().Sessions {
		return false
	}
	c.stays++
	return true
}

func (c *Console) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stays--
}

// brief returns the beginning of what was asked for, for the log.
func brief(command string) string {
	const most = 200 // bytes
	return inert.Text(strings.ToValidUTF8(command[:min(len(command), most)], ""))
}

// say tells somebody why there is no session, or none any more. Who takes nothing
// of what is written is not waited for.
func say(s link.Stay, text string) {
	out, end := s.Err, "\n"
	if s.Term != nil { // which is raw on the other side
		out, end = s.Out, "\r\n"
	}
	said := make(chan struct{})
	go func() { // it ends with the channel
		defer close(said)
		_, _ = io.WriteString(out, fmt.Sprint("twind: ", text, end))
	}()
	select {
	case <-said:
	case <-time.After(endWithin):
	}
}
