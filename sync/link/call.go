package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// maxPending is how many calls may wait for their answers at once, those that
// nobody waits for any more included.
const maxPending = 64

// calls are the two directions of a control channel, as the asking side sees it.
type calls struct {
	p     *process
	queue chan []byte   // frames to send; the writer may stand still for a peer that does not read
	room  chan struct{} // a place for each call whose answer is due
	stop  chan struct{} // closed when the reader has ended
	mu    sync.Mutex
	last  uint64
	due   map[uint64]chan reply
}

func newCalls(p *process) *calls {
	return &calls{
		p: p, queue: make(chan []byte, maxPending), room: make(chan struct{}, maxPending),
		stop: make(chan struct{}), due: map[uint64]chan reply{},
	}
}

// Call asks the twin a verb. args go there as JSON, at most 1 MiB, nil for
// none; what it answers is decoded into answer, unless that is nil. Calls from
// many goroutines run side by side. What the twin's handler returned is a
// *RemoteError; ErrFrozen means that the answer was not there at the deadline
// of ctx (Options.Answer if it has none), and whether the twin did what was
// asked is unknown; ErrLost that the link has ended.
func (c *Client) Call(ctx context.Context, verb string, args, answer any) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	r, err := c.ask(ctx, verb, args)
	switch {
	case err != nil:
		return c.late(err, verb)
	case r.Failed != nil:
		return &RemoteError{Code: r.Failed.Code, Text: r.Failed.Text}
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(r.Answer, answer); err != nil {
		return about(c.target, fmt.Errorf("%w: its answer to %s: %w", ErrProtocol, verb, err))
	}
	return nil
}

func (c *Client) ask(ctx context.Context, verb string, args any) (reply, error) {
	q := question{Verb: verb}
	if args != nil {
		var err error
		if q.Args, err = json.Marshal(args); err != nil {
			return reply{}, fmt.Errorf("arguments of %s: %w", verb, err)
		}
	}
	select { // a place is given back with the answer, also when nobody waits for it then
	case c.calls.room <- struct{}{}:
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-c.done:
		return reply{}, c.cause
	}
	answered, frame, err := c.calls.enter(q)
	if err != nil {
		return reply{}, fmt.Errorf("arguments of %s: %w", verb, err)
	}
	c.calls.queue <- frame // it has room: a frame waits for an answer too
	select {
	case r := <-answered:
		return r, nil
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-c.done:
		return reply{}, c.cause
	}
}

// enter gives a question its number and a place to wait at.
func (s *calls) enter(q question) (chan reply, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.ID = s.last + 1
	frame, err := frameOf(q)
	if err != nil {
		<-s.room
		return nil, nil, err
	}
	s.last = q.ID
	answered := make(chan reply, 1)
	s.due[q.ID] = answered
	return answered, frame, nil
}

// write sends what was asked. The reader tells why a link ended: an error of
// writing is left to it.
func (s *calls) write() {
	for {
		select {
		case frame := <-s.queue:
			if _, err := s.p.Write(frame); err != nil {
				return
			}
		case <-s.stop:
			return
		}
	}
}

// read hands out the answers until the channel ends, and returns why.
func (s *calls) read() error {
	defer close(s.stop)
	for {
		var r reply
		if err := readFrame(s.p, &r); err != nil {
			return s.ended(err)
		}
		s.mu.Lock()
		answered, ok := s.due[r.ID]
		delete(s.due, r.ID)
		s.mu.Unlock()
		if !ok {
			return fmt.Errorf("%w: %w: an answer to nothing that was asked", ErrLost, ErrProtocol)
		}
		answered <- r
		<-s.room
	}
}

// ended says why the channel ended.
func (s *calls) ended(err error) error {
	err = s.p.gone(err, true)
	if errors.Is(err, ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}
