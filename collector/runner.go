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
	fault  error         // why there is no session
	told   string        // the last fault that was logged
	gone   bool          // run has returned
	counts Counts
	rate   meter
}

// wanted is what a runner shall do.
type wanted struct {
	feed    Feed
	paused  bool
	removed bool
	serial  int // raised to have the source started anew
}

func newRunner(c *Collector, f Feed) *runner {
	return &runner{name: f.Name, c: c, log: c.opt.Log.With("feed", f.Name), want: wanted{feed: f}, kick: make(chan struct{})}
}

func (r *runner) configure(f Feed) {
	r.change(func(w *wanted) bool {
		same := w.feed.Fingerprint == f.Fingerprint
		w.feed = f
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

// change edits what is wanted; if that makes a difference, the source ends.
func (r *runner) change(edit func(*wanted) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !edit(&r.want) {
		return
	}
	r.want.serial++
	close(r.kick)
	r.kick = make(chan struct{})
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

// run brings about what is wanted until ctx ends or the feed is removed.
func (r *runner) run(ctx context.Context) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone = true
	}()
	for ctx.Err() == nil {
		w, kick := r.wanted()
		if w.removed {
			return
		}
		if w.paused {
			r.wait(ctx, kick, 0)
			continue
		}
		if err := r.session(ctx, w, kick); r.failed(err) {
			r.wait(ctx, kick, retryPause)
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
func (r *runner) session(ctx context.Context, w wanted, kick <-chan struct{}) error {
	source, err := w.feed.Open(r.log)
	if err != nil {
		return err
	}
	start, err := r.c.history.Start(ctx, r.name)
	if err != nil {
		return err
	}
	q := feed.NewQueue(w.feed.Options, w.feed.Kind, r.c.notify)
	r.mu.Lock()
	r.queue, r.fault = q, nil
	r.mu.Unlock()

	listening, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer cancel()
		select {
		case <-kick:
			now, _ := r.wanted()
			q.Leave(why(now))
		case <-ctx.Done():
		case <-ended:
		}
	}()
	err = r.guard(func() error { return source.Run(listening, start, q) })
	q.End(feed.Stopped, err) // a source that broke may not have ended its session
	close(ended)
	<-listening.Done()

	drain, done := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer done()
	return errors.Join(err, q.Drain(drain))
}

// why returns the reason for which a session ends so that w comes about.
func why(w wanted) feed.Reason {
	if w.paused && !w.removed {
		return feed.Paused
	}
	return feed.Stopped
}

// guard turns a panic of one feed's code into an error, so that what one
// upstream sends cannot end the collecting of the others.
func (r *runner) guard(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("broke on what it read: %v", p)
			r.log.Error("feed broke", "err", err, "stack", string(debug.Stack()))
		}
	}()
	return run()
}

// failed notes why there is no session, and reports whether there is a reason.
// The same reason again is not worth another line in the log.
func (r *runner) failed(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && (r.told == "" || r.told != err.Error()) {
		r.told = err.Error()
		r.log.Error("feed is down", "err", err, "retry_every", retryPause.String())
	}
	r.fault = err
	return err != nil
}
