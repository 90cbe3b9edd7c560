package feed

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	settled    = 10 * time.Second // a session that lived this long was a good one: the next waits start small again
	probeEvery = 10 * time.Second // how often earlier doors are probed
	grace      = time.Second      // that serve has, after its context ended, to say goodbye
)

// errMove ends a session because an earlier door answers again.
var errMove = errors.New("an earlier address answers again")

// Run keeps a session with the upstream until ctx ends, and then returns nil.
//
// It tries the doors in order and calls serve with the first that answers; q
// is told what it does meanwhile. When serve returns, Run closes the
// connection, ends the session in q and goes to the next door, round and round.
// When each door has failed once it waits (see backoff) and starts again at the
// first. A session shorter than ten seconds is such a failure too, so that an
// upstream that opens and closes at once is not hammered.
//
// serve reports through its error why it returned: *Lost carries the reason,
// any other error is Unreachable. After Refused no door is tried for a minute.
// After Overrun Run waits until half of q is free.
//
// When serve's context ends, reads and writes of the connection fail at once;
// serve may then set a write deadline of its own and say goodbye, for which it
// has a second until the connection is closed.
//
// With prefer_first, while a later door serves, the earlier ones are probed
// every ten seconds; one that answered so many times in a row ends the session,
// in order to move there. The gap of the move has the reason Reconnect: it is
// our doing, and nothing was wrong with the upstream.
func (d *Dialer) Run(ctx context.Context, q *Queue, serve func(context.Context, Door) error) error {
	r := &round{Dialer: d, q: q, serve: serve}
	for ctx.Err() == nil {
		r.attempt(ctx)
	}
	q.End(Stopped, nil)
	return nil
}

// A round is where a Dialer stands with its doors.
type round struct {
	*Dialer
	q     *Queue
	serve func(context.Context, Door) error

	next   int        // the door to try
	failed roundError // at each door since one was last good
	waits  int        // since one was last good
	ended  bool       // the upstream said that it shuts down, and ended the last session ...
	gone   bool       // ... and since then every door has refused
}

// attempt tries the next door, serves it if it answers, and waits if that is due.
func (r *round) attempt(ctx context.Context) {
	door := r.doors[r.next]
	r.q.Report(Health{State: Connecting, Address: door.String(), Err: r.failures()})
	conn, err := r.Open(ctx, door)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			_ = conn.Close()
		}
	case err != nil:
		r.unanswered(ctx, err)
	default:
		r.session(ctx, conn)
	}
}

// unanswered notes a door that did not open.
func (r *round) unanswered(ctx context.Context, err error) {
	r.gone = r.ended && errors.Is(err, syscall.ECONNREFUSED)
	r.ended = r.gone
	r.fail(ctx, err)
}

// fail goes on to the next door, after a pause when all of them have failed.
func (r *round) fail(ctx context.Context, err error) {
	r.next = (r.next + 1) % len(r.doors)
	r.failed = append(r.failed, err)
	if len(r.failed) < len(r.doors) {
		return
	}
	all := r.failures()
	r.waits++
	r.log.Log(ctx, r.level(), "feed is down: no address answers", "attempt", r.waits, "err", all)
	r.next, r.failed = 0, nil
	r.pause(ctx, all, backoff(r.waits, rand.Float64()))
}

// level is loud once for each time that the upstream is lost.
func (r *round) level() slog.Level {
	if r.waits == 1 {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func (r *round) failures() error {
	switch len(r.failed) {
	case 0:
		return nil
	case 1:
		return r.failed[0]
	}
	return r.failed
}

func (r *round) pause(ctx context.Context, err error, wait time.Duration) {
	r.q.Report(Health{State: Down, Address: r.doors[0].String(), Err: err})
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// session serves a door that answered and decides what comes next.
func (r *round) session(ctx context.Context, conn net.Conn) {
	door := r.doors[r.next]
	r.log.Info("connected", "address", door.String())
	began := time.Now()
	better, err := r.attend(ctx, Door{Conn: conn, Address: door.String(), Away: r.gone})
	if ctx.Err() != nil {
		return
	}
	if better >= 0 {
		r.log.Info("going back to an earlier address", "address", r.doors[better].String(), "from", door.String())
		r.q.End(Reconnect, errMove)
		r.next, r.failed, r.waits, r.ended, r.gone = better, nil, 0, false, false
		return
	}
	r.ended, r.gone = errors.Is(err, ErrShutdown) && hungUp(err) && r.q.inSession(), false
	reason, cause := reasonOf(err)
	cause = &doorError{door, plain(cause, r.timeout), cause}
	r.q.End(reason, cause)
	r.log.Warn("connection lost", "reason", string(reason), "err", cause)
	r.lost(ctx, reason, lostAfter{cause, time.Since(began)})
}

type lostAfter struct {
	error
	lived time.Duration
}

// lost waits as the reason asks for, and chooses the next door.
func (r *round) lost(ctx context.Context, reason Reason, cause lostAfter) {
	if cause.lived >= settled {
		r.waits, r.failed = 0, nil
	}
	switch {
	case reason == Refused:
		r.next, r.failed = 0, nil
		r.pause(ctx, cause.error, refusal(rand.Float64()))
	case reason == Overrun:
		// The same door again: it was us who could not keep up.
		_ = r.q.Room(ctx)
	case cause.lived >= settled:
		r.next = (r.next + 1) % len(r.doors)
	default:
		r.fail(ctx, cause.error)
	}
}

// attend runs serve, and beside it whatever must end it. It returns the door
// that is better than this one, or -1, and serve's error.
func (r *round) attend(ctx context.Context, door Door) (better int, err error) {
	inner, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	done := make(chan struct{})
	better = -1
	beside.Go(func() { hangUp(inner, door.Conn, done) })
	if r.prefer > 0 && r.next > 0 {
		beside.Go(func() {
			if better = r.lookOut(inner); better >= 0 {
				cancel()
			}
		})
	}
	err = r.serve(inner, door)
	close(done)
	cancel()
	beside.Wait()
	_ = door.Close() // whatever was to be said was said
	return better, err
}

// hangUp wakes whoever reads or writes conn once ctx has ended, and closes it
// when that is not done a moment later.
func hangUp(ctx context.Context, conn net.Conn, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
		_ = conn.SetDeadline(longAgo())
	}
	select {
	case <-done:
	case <-time.After(grace):
		_ = conn.Close()
	}
}

// lookOut probes the doors before the present one until one of them was good
// often enough, which it returns, or until ctx has ended: -1.
func (r *round) lookOut(ctx context.Context) int {
	good := make([]int, r.next)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return -1
		case <-tick.C:
		}
		for i := range good {
			if err := r.Check(ctx, r.doors[i]); err != nil {
				good[i] = 0
				r.log.Debug("an earlier address does not answer", "err", err)
				continue
			}
			if good[i]++; good[i] >= r.prefer && ctx.Err() == nil {
				return i
			}
		}
	}
}
