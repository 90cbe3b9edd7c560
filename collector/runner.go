package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
)

const (
	retryPause   = 5 * time.Second // after a source gave up, or broke
	drainTimeout = 3 * time.Second // for what was heard before a stop to be stored
)

// A runner keeps one feed as it is wanted. Others say what they want; its own
// goroutine, run, brings it about.
type runner struct {
	name string
	c    *Collector
	log  *slog.Logger

	mu     sync.Mutex
	want   wanted
	kick   chan struct{} // closed and made anew when want changes
	queue  *feed.Queue   // of the present or last session; nil before the first
	kind   feed.Kind     // of what the queue holds
	again  bool          // the session reads again what may be stored already
	fault  error         // why there is no session
	told   string        // the last fault that was logged
	gone   bool          // run has returned, or is about to
	counts Counts
	rate   meter

	complaints complaints
}

// wanted is what a runner shall do.
type wanted struct {
	feed    Feed
	paused  bool
	removed bool
}

func newRunner(c *Collector, f Feed) *runner {
	log := c.opt.Log.With("feed", f.Name)
	return &runner{name: f.Name, c: c, log: log, want: wanted{feed: f}, kick: make(chan struct{}), complaints: complaints{log: log}}
}

// configure says how the feed is configured now. It reports false if that
// comes too late, because the feed was removed and its runner has ended. One
// that has not ended yet goes on, so that a feed never has two.
func (r *runner) configure(f Feed) bool {
	return r.change(func(w *wanted) bool {
		same := w.feed.Fingerprint == f.Fingerprint && !w.removed
		w.feed, w.removed = f, false
		return !same
	})
}

func (r *runner) pause(paused bool) {
	r.change(func(w *wanted) bool {
		same := w.paused == paused
		w.paused = paused
		return !same
	})
}

func (r *runner) remove()    { r.change(func(w *wanted) bool { w.removed = true; return true }) }
func (r *runner) reconnect() { r.change(func(*wanted) bool { return true }) }

// change edits what is wanted; if that makes a difference, the source ends. It
// reports whether there is still somebody to bring it about.
func (r *runner) change(edit func(*wanted) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return false
	}
	if edit(&r.want) {
		close(r.kick)
		r.kick = make(chan struct{})
	}
	return true
}

func (r *runner) wanted() (wanted, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.want, r.kick
}

func (r *runner) removed() bool {
	w, _ := r.wanted()
	return w.removed
}

func (r *runner) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone
}

// end reports whether run shall return; from then on nothing can be changed.
func (r *runner) end(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = r.want.removed || ctx.Err() != nil
	return r.gone
}

// run brings about what is wanted until ctx ends or the feed is removed.
func (r *runner) run(ctx context.Context) {
	defer r.complaints.end()
	for !r.end(ctx) {
		w, kick := r.wanted()
		switch {
		case w.removed: // just now
		case w.paused:
			r.wait(ctx, kick, 0)
		default:
			if err := r.session(ctx, w.feed, kick); r.failed(ctx, err) {
				r.wait(ctx, kick, retryPause)
			}
		}
	}
}

// wait waits for a change of what is wanted, or for a while unless that is 0.
func (r *runner) wait(ctx context.Context, kick <-chan struct{}, while time.Duration) {
	var later <-chan time.Time
	if while > 0 {
		later = time.After(while)
	}
	select {
	case <-ctx.Done():
	case <-kick:
	case <-later:
	}
}

// session runs the source until it gives up or something else is wanted, and
// then waits until what it had heard is stored: the next one starts from there.
func (r *runner) session(ctx context.Context, f Feed, kick <-chan struct{}) error {
	start, err := r.c.history.Start(ctx, r.name)
	if err != nil {
		return err
	}
	q := feed.NewQueue(f.Options, f.Kind, r.c.notify)
	r.mu.Lock()
	r.queue, r.kind, r.fault = q, f.Kind, nil
	r.mu.Unlock()
	err = r.listen(ctx, kick, q, func(ctx context.Context) error {
		source, err := f.Open(r.log)
		if err != nil {
			return &openError{err}
		}
		return source.Run(ctx, start, q)
	})
	q.End(reasonOf(err), err) // a source that broke has not ended its session
	return errors.Join(err, drain(ctx, q))
}

// listen runs a source until it gives up or something else is wanted.
func (r *runner) listen(ctx context.Context, kick <-chan struct{}, q *feed.Queue, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		select {
		case <-kick:
			now, _ := r.wanted()
			q.Leave(why(now))
			cancel()
		case <-ctx.Done():
		}
	})
	err := r.guard(func() error { return run(ctx) })
	switch asked := ctx.Err() != nil; {
	case asked && errors.Is(err, context.Canceled):
		err = nil
	case !asked && err == nil:
		err = errors.New("the source ended by itself")
	}
	cancel()
	beside.Wait()
	return err
}

// drain waits until all that q was told is stored. When the collector stops,
// it waits a few seconds longer and no more.
func drain(ctx context.Context, q *feed.Queue) error {
	if err := q.Drain(ctx); ctx.Err() == nil {
		return err
	}
	late, done := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer done()
	return q.Drain(late)
}

// errBroke is what a panic of a feed's code becomes.
var errBroke = errors.New("broke on what it read")

// An openError says that the source cannot even be made of what is configured.
type openError struct{ error }

func (e *openError) Unwrap() error { return e.error }

// reasonOf returns the reason for which a session ends with err, unless its
// source gave another.
func reasonOf(err error) feed.Reason {
	if _, ok := errors.AsType[*openError](err); ok {
		return feed.Misconfig
	}
	switch {
	case err == nil:
		return feed.Stopped
	case errors.Is(err, errBroke):
		return feed.Crashed
	}
	return feed.Unreachable
}

// why returns the reason for which a session ends so that w comes about.
func why(w wanted) feed.Reason {
	switch {
	case w.removed:
		return feed.Stopped
	case w.paused:
		return feed.Paused
	}
	return feed.Reconnect
}

// guard turns a panic of one feed's code into an error, so that what one
// upstream sends cannot end the collecting of the others.
func (r *runner) guard(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errBroke, p)
			r.log.Error("feed broke", "err", err, "stack", string(debug.Stack()))
		}
	}()
	return run()
}

// failed notes why there is no session, and reports whether there is a reason.
// The same reason again is not worth another line in the log.
func (r *runner) failed(ctx context.Context, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = err
	if err == nil {
		r.told = ""
		return false
	}
	if text := err.Error(); text != r.told && ctx.Err() == nil {
		r.told = text
		r.log.Error("feed is down", "err", err, "retry_every", retryPause.String())
	}
	return true
}
