package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
)

const (
	fullPause = time.Second            // between looks at a full disk
	busyPause = 100 * time.Millisecond // before another try when others held the file
)

// A load is a batch on its way from a queue to the history.
type load struct {
	runner *runner
	queue  *feed.Queue
	batch  history.Batch

	repeats bool // the upstream says again what it said
}

// commit stores what the queues hold until stop is closed. While one
// transaction runs, the next batches grow.
func (c *Collector) commit(stop <-chan struct{}) error {
	for {
		if loads := c.take(); len(loads) > 0 {
			if err := c.store(loads, stop); err != nil {
				return err
			}
			continue
		}
		select {
		case <-c.wake:
		case <-stop:
			return nil
		}
	}
}

// take collects the batches that are due, one of a feed at the most.
func (c *Collector) take() []load {
	var loads []load
	for _, r := range c.all() {
		if l, ok := r.take(); ok {
			loads = append(loads, l)
		}
	}
	return loads
}

// store commits the batches. While the disk is full, or others hold the file,
// it tries again until stop is closed; any other error is final.
func (c *Collector) store(loads []load, stop <-chan struct{}) error {
	batches := make([]history.Batch, len(loads))
	for i, l := range loads {
		batches[i] = l.batch
	}
	for {
		begun := time.Now()
		// Not bound to any context: what has begun is finished.
		outcomes, err := c.history.Commit(context.Background(), batches)
		if err == nil {
			c.stored(loads, outcomes, time.Since(begun))
			return nil
		}
		pause, reason := fullPause, feed.DiskFull
		switch {
		case errors.Is(err, history.ErrFull):
		case errors.Is(err, history.ErrBusy):
			pause, reason = busyPause, feed.Overrun
		default:
			return err
		}
		c.stick(err, reason)
		if !c.retry(pause, reason == feed.DiskFull, stop) {
			return fmt.Errorf("what was heard last is not stored: %w", err)
		}
	}
}

// retry waits until it makes sense to try again; false means that the
// collector stops first.
func (c *Collector) retry(pause time.Duration, full bool, stop <-chan struct{}) bool {
	for {
		select {
		case <-stop:
			return false
		case <-time.After(pause):
		}
		if !full || c.opt.Room() {
			return true
		}
	}
}

// stick notes that nothing can be stored at present, and says so once. A
// session that overruns its queue meanwhile ends for that reason.
func (c *Collector) stick(err error, reason feed.Reason) {
	c.mu.Lock()
	first := c.stuck == nil
	c.stuck = err
	c.mu.Unlock()
	if first {
		c.opt.Log.Error("nothing can be stored", "err", err)
	}
	for _, r := range c.all() {
		r.stick(reason)
	}
}

func (c *Collector) stored(loads []load, outcomes []history.Outcome, took time.Duration) {
	c.mu.Lock()
	was := c.stuck
	c.stuck = nil
	c.mu.Unlock()
	if was != nil {
		c.opt.Log.Info("records are stored again")
		for _, r := range c.all() {
			r.stick("")
		}
	}
	report := Commit{Took: took}
	for i, l := range loads {
		if s := l.batch.Snapshot; s != nil && c.opt.Snapshot != nil {
			c.opt.Snapshot(Snapshot{l.runner.name, *s, outcomes[i].Seq})
		}
		l.runner.stored(l, outcomes[i])
		report.Records += outcomes[i].Added
		report.Bytes += l.batch.Bytes
	}
	c.opt.Observe(report)
}

func (c *Collector) all() []*runner {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runners
}

func (r *runner) take() (load, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queue == nil {
		return load{}, false
	}
	b, ok := r.queue.Take()
	out := history.Batch{Feed: r.name, Kind: r.kind.Code, Origin: history.FromFeed, Batch: b}
	return load{runner: r, queue: r.queue, batch: out, repeats: r.kind.Repeats}, ok
}

func (r *runner) stick(why feed.Reason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queue != nil {
		r.queue.Stuck(why)
	}
}

func (r *runner) stored(l load, o history.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.add(l.batch, o)
	for _, m := range l.batch.Marks {
		if m.What == feed.BeginMark {
			r.again = m.Begin.Again
		}
	}
	r.complaints.rejected(l.batch.Batch)
	if !l.repeats && !r.again {
		r.complaints.twice(o)
	}
	r.rate.add(time.Now(), o.Added)
	l.queue.Done()
}
