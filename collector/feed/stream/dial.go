package stream

import (
	"context"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

// dialer is a source that connects to its upstream.
type dialer struct {
	hearing Hearing
	dial    *feed.Dialer
}

// Run keeps one connection to the upstream until ctx ends.
func (d *dialer) Run(ctx context.Context, from feed.Start, q *feed.Queue) error {
	return d.dial.Run(ctx, q, func(ctx context.Context, door feed.Door) error {
		return d.serve(ctx, door, from, q)
	})
}

// serve hears one connection. Its error is a *feed.Lost.
func (d *dialer) serve(ctx context.Context, door feed.Door, from feed.Start, q *feed.Queue) error {
	s := newSession(d.hearing, q, from)
	s.at(door.Address)
	c := s.join(door.Conn)
	s.dialled = c
	c.known.Store(true)
	ticking, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { s.run(ticking) })
	why := c.converse(ctx)
	stop()
	beside.Wait()
	s.last(c)
	return why
}

// last proves what can be proven when the only connection has ended behind a
// line. The Dialer ends the session.
func (s *session) last(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(time.Now())
	if c.whole && s.begun {
		s.prove(time.Now())
	}
}

// Test connects to each address in turn. Lines know no login.
func (d *dialer) Test(ctx context.Context, _ bool) []feed.Check {
	var checks []feed.Check
	for _, door := range d.dial.Doors() {
		check := feed.Check{Name: "connect to " + door.String(), Result: feed.Pass, Text: "answers"}
		if err := d.dial.Check(ctx, door); err != nil {
			check.Result, check.Text = feed.Fail, err.Error()
		}
		checks = append(checks, check)
	}
	return checks
}
