package switchover

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// on returns a runner on one of the two, for one move: it may die.
func (s *sim) on(here *server) Runner {
	run := s.runner(here, plainly)
	m := &machine{sim: s, here: here}
	run.Here.Caller = wire{m, here, run.Here.Caller}
	run.There.Caller = wire{m, s.other(here), run.There.Caller}
	return run
}

// A machine is what a runner runs on, as long as it lives.
type machine struct {
	*sim
	here *server

	dying sync.Mutex
	died  bool
}

func (m *machine) dead() bool {
	m.dying.Lock()
	defer m.dying.Unlock()
	return m.died
}

func (m *machine) die() error {
	m.dying.Lock()
	defer m.dying.Unlock()
	m.died = true
	return errDead
}

// A wire leads from a runner to a server, its own or the other one.
type wire struct {
	*machine
	to   *server
	call Caller
}

// Call implements Caller.
func (w wire) Call(ctx context.Context, verb string, args, answer any) error {
	if w.dead() {
		return errDead
	}
	r := w.draw(w.here.name + " asks " + w.to.name + " " + verb)
	luck := r.IntN(w.calls)
	if w.isCalm() {
		luck = w.calls
	}
	switch {
	case luck < 3:
		w.note("the runner on %s dies before %s of %s", w.here.name, verb, w.to.name)
		return w.die()
	case luck < 6:
		w.note("the runner on %s dies after %s of %s", w.here.name, verb, w.to.name)
		_ = w.does(context.WithoutCancel(ctx), verb, args, nil)
		return w.die()
	case luck >= 42 && luck < 48 && w.clocks > 0:
		of := w.any(r)
		of.ahead.Store(int64(w.clocks) - r.Int64N(int64(2*w.clocks)))
		w.note("the clock of %s is %v ahead", of.name, time.Duration(of.ahead.Load()))
	case luck < 9:
		stands := time.Duration(r.IntN(50)) * time.Second
		w.note("the runner on %s stands still for %v before %s of %s", w.here.name, stands, verb, w.to.name)
		pass(stands)
	}
	if w.to == w.here {
		return w.does(ctx, verb, args, answer)
	}
	return w.afar(ctx, r, luck, question{verb, args, answer})
}

// A question is one call.
type question struct {
	verb         string
	args, answer any
}

// afar asks the other server, over a net that does as it likes.
func (w wire) afar(ctx context.Context, r *rand.Rand, luck int, q question) error {
	w.trouble(r, luck)
	if w.away() {
		return gone(ctx, r)
	}
	switch {
	case luck >= 20 && luck < 26:
		w.note("%s of %s is lost", q.verb, w.to.name)
		return gone(ctx, r)
	case luck >= 26 && luck < 32:
		w.note("the answer to %s of %s is lost", q.verb, w.to.name)
		_ = w.does(ctx, q.verb, q.args, nil)
		return gone(ctx, r)
	case luck >= 32 && luck < 38:
		w.note("%s comes to %s twice", q.verb, w.to.name)
		_ = w.does(ctx, q.verb, q.args, nil)
	case luck >= 38 && luck < 42:
		after := time.Duration(r.IntN(90)) * time.Second
		w.note("%s comes to %s after %v", q.verb, w.to.name, after)
		w.late.Go(func() {
			pass(after)
			_ = w.does(context.WithoutCancel(ctx), q.verb, q.args, nil)
		})
		return gone(ctx, r)
	}
	err := w.does(ctx, q.verb, q.args, q.answer)
	if w.away() { // it went down, or was cut off, meanwhile
		return gone(ctx, r)
	}
	return err
}

// trouble has a stretch begin in which the other server is down, or cannot be
// reached from here, or this one not from there.
func (w wire) trouble(r *rand.Rand, luck int) {
	until := time.Now().Add(time.Duration(r.IntN(90)) * time.Second)
	if luck < 10 || luck >= 20 {
		return
	}
	w.note("trouble %d until %s", luck, until.Format("15:04:05"))
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case luck < 13:
		w.down[w.to] = until
	case luck < 16:
		w.cut[w.to] = until
	case luck < 18:
		w.cut[w.here] = until
	default:
		w.cut[w.here], w.cut[w.to] = until, until
	}
}

// away tells whether the other server gives no answer now.
func (w wire) away() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	return !w.calm && (now.Before(w.down[w.to]) || now.Before(w.cut[w.to]))
}

func (w wire) isCalm() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm
}

// gone is what is heard of who does not answer: at once, or when time is over.
func gone(ctx context.Context, r *rand.Rand) error {
	if r.IntN(2) == 0 {
		pass(time.Duration(r.IntN(1000)) * time.Millisecond)
		return fmt.Errorf("%w: cut", ErrAway)
	}
	<-ctx.Done()
	return fmt.Errorf("%w: %w", ErrAway, ctx.Err())
}

// does has a server do it, and looks what came of that.
func (w wire) does(ctx context.Context, verb string, args, answer any) error {
	defer w.look()
	if answer == nil {
		answer = new(json.RawMessage)
	}
	return w.call.Call(ctx, verb, args, answer)
}
