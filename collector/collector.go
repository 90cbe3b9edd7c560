// Package collector runs the feeds: each source, in a goroutine of its own,
// tells its queue what it hears, and one committer stores what all queues hold
// in one transaction. It never learns whether this server is primary or
// secondary: both collect alike.
package collector

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
)

// History is what the collector needs of the history. *history.DB has it.
type History interface {
	// Start returns where a feed goes on, and makes it known.
	Start(ctx context.Context, name string) (feed.Start, error)
	// Commit stores all of the batches, or none of them.
	Commit(ctx context.Context, batches []history.Batch) ([]history.Outcome, error)
}

// A Feed is one feed as it is configured.
type Feed struct {
	feed.Options
	Kind        feed.Kind
	Fingerprint string // of its section in twin.toml: with another one it is started anew
	Open        func(*slog.Logger) (feed.Source, error)
}

// A Commit is one transaction, as reported to Options.Observe.
type Commit struct {
	Records, Bytes int
	Took           time.Duration
}

// A Snapshot is how things stand at the upstream of a feed.
type Snapshot struct {
	Feed string
	feed.Snapshot
	Seq int64 // what was told before it was stored with sequence numbers up to here
}

// Options are what New needs beside the history.
type Options struct {
	Log     *slog.Logger
	Observe func(Commit) // called after each commit
	Room    func() bool  // called each second while the disk is full: is it worth another try?
	// Snapshot is called with each snapshot, by whoever commits, once the records
	// that were told before it are stored: it must not block. nil: nobody wants any.
	Snapshot func(Snapshot)
}

// Collector collects. Its methods may be called by any goroutine.
type Collector struct {
	history History
	opt     Options
	wake    chan struct{} // has a token when a queue may have a batch

	mu      sync.Mutex
	runners []*runner
	spawn   func(*runner) // starts a runner; nil while Run is not running
	stuck   error         // why nothing can be stored at present
}

// New makes a collector of no feeds.
func New(h History, opt Options) *Collector {
	return &Collector{history: h, opt: opt, wake: make(chan struct{}, 1)}
}

// Run collects until ctx ends, and returns nil when all feeds have stopped and
// what they had heard is stored. An error means that the history takes no more,
// or that there was no room for the last of it within a few seconds.
func (c *Collector) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { //nolint:contextcheck // it goes on until the feeds have ended
		err := c.commit(stop)
		cancel(err)
		ended <- err
	}()

	var feeds sync.WaitGroup
	c.mu.Lock()
	c.spawn = func(r *runner) { feeds.Go(func() { r.run(ctx) }) }
	for _, r := range c.runners {
		c.spawn(r)
	}
	c.mu.Unlock()

	<-ctx.Done()
	c.mu.Lock()
	c.spawn = nil
	c.mu.Unlock()
	feeds.Wait()
	close(stop)
	return <-ended
}

// Set makes these the feeds: what is new is started, what is gone is stopped,
// what changed is started anew, and what did not change is not disturbed. It
// does not wait for any of that.
func (c *Collector) Set(feeds []Feed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var kept []*runner
	for _, f := range feeds {
		kept = append(kept, c.runnerOf(f))
	}
	for _, r := range c.runners {
		if !slices.Contains(kept, r) {
			r.remove()
		}
	}
	c.runners = append(kept, c.leaving(kept)...)
}

// runnerOf returns the runner of a feed, started if it is new; the caller holds mu.
func (c *Collector) runnerOf(f Feed) *runner {
	for _, r := range c.runners {
		if r.name == f.Name && r.configure(f) {
			return r
		}
	}
	r := newRunner(c, f)
	if c.spawn != nil {
		c.spawn(r)
	}
	return r
}

// leaving returns the runners that were removed and have not ended yet.
func (c *Collector) leaving(kept []*runner) []*runner {
	return slices.DeleteFunc(slices.Clone(c.runners), func(r *runner) bool {
		return slices.Contains(kept, r) || r.ended()
	})
}

// Pause stops listening to a feed, or listens again. It reports whether there
// is such a feed.
func (c *Collector) Pause(name string, paused bool) bool {
	return c.with(name, func(r *runner) { r.pause(paused) })
}

// Reconnect ends the session of a feed and begins another. It reports whether
// there is such a feed.
func (c *Collector) Reconnect(name string) bool {
	return c.with(name, (*runner).reconnect)
}

func (c *Collector) with(name string, do func(*runner)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.find(name)
	if r != nil {
		do(r)
	}
	return r != nil
}

// find returns the runner of a feed that is configured; the caller holds mu.
func (c *Collector) find(name string) *runner {
	for _, r := range c.runners {
		if r.name == name && !r.removed() {
			return r
		}
	}
	return nil
}

// Stuck returns why nothing can be stored at present, nil if it can.
func (c *Collector) Stuck() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stuck
}

// notify lets the committer look at the queues. It never blocks.
func (c *Collector) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
