// Package count counts what the records of each feed tell: it folds them, in
// the order of their keys and behind a settle of a second, into rows of quarter
// hours, and writes those down with what it knew at each border. A record that
// comes for a time that is counted already marks its interval; from there it
// counts anew until nothing else is known than before. So the rows are always
// those that the records make, in whatever order and by whichever way these
// came, and what was cut off at any instant goes on from what was written.
package count

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// ErrNoFeed is returned for a feed that is not counted: it is not configured,
// or what it says has nothing to do with calls.
var ErrNoFeed = errors.New("feed is not counted")

// A Feed is one that may be counted. Whose format tells nothing of calls is not.
type Feed struct {
	Name   string
	Format string
}

// Options are what New needs beside the history.
type Options struct {
	Log *slog.Logger
	// Room is called between two steps of counting much, with what the last one
	// took, and returns when the next may begin. Nil: at once.
	Room func(ctx context.Context, took time.Duration)
	// Rots is told of each record that cannot be counted because it is damaged.
	// Nil: nobody is.
	Rots func(feed string, k record.Key)
}

// Counter counts. Its methods may be called by any goroutine.
type Counter struct {
	history *history.DB
	opt     Options

	mu    sync.Mutex
	feeds map[string]*counting
	start func(*counting) // nil while Run is not running
	// last is closed, by name, when who was started last for a feed has ended:
	// two must not write the rows of one feed.
	last map[string]<-chan struct{}
}

// New makes a counter of no feeds.
func New(h *history.DB, opt Options) *Counter {
	if opt.Room == nil {
		opt.Room = func(context.Context, time.Duration) {}
	}
	if opt.Rots == nil {
		opt.Rots = func(string, record.Key) {}
	}
	return &Counter{history: h, opt: opt, feeds: map[string]*counting{}, last: map[string]<-chan struct{}{}}
}

// Run counts until ctx ends, and returns nil when all that it started has
// stopped. An error means that the history takes no more.
func (c *Counter) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	var failed error
	var once sync.Once
	c.mu.Lock()
	c.start = func(f *counting) { // whoever calls it holds mu
		f.former, c.last[f.feed.Name] = c.last[f.feed.Name], f.over
		running.Go(func() {
			if err := f.run(ctx); err != nil {
				once.Do(func() { failed = err; cancel(err) })
			}
		})
	}
	for _, f := range c.feeds {
		c.start(f)
	}
	c.mu.Unlock()

	<-ctx.Done()
	c.mu.Lock()
	c.start = nil
	c.mu.Unlock()
	running.Wait()
	return failed
}

// SetFeeds makes these the feeds that are counted: what is gone, or has another
// format, is stopped, and what is new is started. It does not wait for that.
func (c *Counter) SetFeeds(feeds []Feed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := map[string]*counting{}
	for _, f := range feeds {
		was := c.feeds[f.Name]
		if was != nil && was.feed == f {
			kept[f.Name] = was
			continue
		}
		decode, ok := acd.NewDecoder(f.Format)
		if !ok {
			continue
		}
		is := newCounting(c, f, decode)
		kept[f.Name] = is
		if c.start != nil {
			c.start(is)
		}
	}
	for name, f := range c.feeds {
		if kept[name] != f {
			close(f.gone)
		}
	}
	c.feeds = kept
}

// Feeds returns the names of the feeds that are counted, in order.
func (c *Counter) Feeds() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.feeds))
}

// Notify says that something was stored. It never blocks.
func (c *Counter) Notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.feeds {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// A Progress says how far a rebuild has come. Until is the time that it has
// come to, To where it ends.
type Progress struct {
	Until, To record.Instant
	Records   int64 // read so far
}

// A Rebuilt is what a rebuild did.
type Rebuilt struct {
	Span    record.Span `json:"span"` // whole intervals; what was dropped is not among them, nor what was never counted
	Records int64       `json:"records"`
}

// Rebuild counts the intervals of a feed that the span touches anew, from the
// records: the rows are then what they were, unless these were spoilt. It tells
// report of each step. A feed that is not counted is ErrNoFeed.
func (c *Counter) Rebuild(ctx context.Context, feed string, span record.Span, report func(Progress)) (Rebuilt, error) {
	c.mu.Lock()
	f := c.feeds[feed]
	running := c.start != nil
	c.mu.Unlock()
	if f == nil || !running {
		return Rebuilt{}, fmt.Errorf("rebuild %q: %w", feed, ErrNoFeed)
	}
	w := &work{span: span, report: report, left: ctx.Done(), done: make(chan struct{})}
	select {
	case f.works <- w:
		<-w.done
	case <-f.over:
		w.err = ErrNoFeed
	case <-ctx.Done():
		w.err = context.Cause(ctx)
	}
	if w.err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild %q: %w", feed, w.err)
	}
	return w.result, nil
}
