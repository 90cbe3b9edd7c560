package switchover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

// quick is how long a server may take to answer what costs it nothing but a look
// or a small transaction.
const quick = 5 * time.Second

// ErrOdd is returned for an answer that no twin gives.
var ErrOdd = errors.New("an answer that no twin gives")

// A Side is one of the two servers, and how it is asked.
type Side struct {
	Name   string
	Caller Caller
}

// ask asks a verb and waits for so long. The error says who was asked.
func (s Side) ask(ctx context.Context, within time.Duration, verb string, args, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := s.Caller.Call(ctx, verb, args, answer)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, ErrAway) {
		err = fmt.Errorf("%w: %w", ErrAway, err)
	}
	return fmt.Errorf("%s: %w", inert.Text(s.Name), err)
}

// odd says that a server gave such an answer.
func (s Side) odd(err error) error {
	return fmt.Errorf("%s: %w: %w", inert.Text(s.Name), ErrOdd, err)
}

// Read asks how a server stands to a move. That it is another one than was meant
// is an error: names are for life.
func (s Side) Read(ctx context.Context, q ReadQuestion) (r Reading, err error) {
	if err := s.ask(ctx, quick, VerbRead, q, &r); err != nil {
		return r, err
	}
	if err := r.check(); err != nil {
		return r, s.odd(err)
	}
	if r.Name != s.Name {
		return r, s.odd(fmt.Errorf("it calls itself %s", inert.Text(r.Name)))
	}
	return r, nil
}

func (s Side) demote(ctx context.Context, q DemoteQuestion) (t node.Token, err error) {
	if err := s.ask(ctx, demoteWithin, VerbDemote, q, &t); err != nil {
		return t, err
	}
	if err := checkToken(t); err != nil {
		return t, s.odd(err)
	}
	if t.Runbook != q.Runbook || t.Epoch != q.Epoch {
		return t, s.odd(errors.New("its token is of another move"))
	}
	return t, nil
}

// standing asks what changes the role of a server, and checks what it is then.
func (s Side) standing(ctx context.Context, verb string, args any) (is Standing, err error) {
	if err := s.ask(ctx, quick, verb, args, &is); err != nil {
		return is, err
	}
	if err := is.check(); err != nil {
		return is, s.odd(err)
	}
	if !is.Primary() {
		return is, s.odd(fmt.Errorf("it was to be primary, and is %s", is.Role))
	}
	return is, nil
}
