package collector

import (
	"context"
	"errors"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
)

const (
	fullPause = time.Second            // between looks at a full disk
	busyPause = 100 * time.Millisecond // before another try when others held the file
)

// commit stores what the queues hold until stop is closed. While one
// transaction runs, the next batches grow.
func (c *Collector) commit(stop <-chan struct{}) error {
	for {
		batches, from := c.take()
		if len(batches) > 0 {
			if err := c.store(batches, from, stop); err != nil {
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
func (c *Collector) take() ([]history.Batch, []*runner) {
	c.mu.Lock()
	runners := c.runners
	c.mu.Unlock()
	var batches []history.Batch
	var from []*runner
	for _, r := range runners {
		if b, ok := r.take(); ok {
			batches, from = append(batches, b), append(from, r)
		}
	}
	return batches, from
}

// store commits the batches. While the disk is full, or others hold the file,
// it tries again until stop is closed; any other error is final.
func (c *Collector) store(batches []history.Batch, from []*runner, stop <-chan struct{}) error {
	for {
		begun := time.Now()
		// Not bound to any context: a commit that has begun is finished.
		outcomes, err := c.history.Commit(context.Background(), batches)
		if err == nil {
			c.stored(batches, outcomes, from, time.Since(begun))
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
		if c.stop(err, from, reason); !c.retry(pause, errors.Is(err, history.ErrFull), stop) {
			return nil
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

// stop notes that nothing can be stored at present, and says so once.
func (c *Collector) stop(err error, from []*runner, reason feed.Reason) {
	c.mu.Lock()
	first := c.stuck == nil
	c.stuck = err
	c.mu.Unlock()
	for _, r := range from {
		r.queue.Stuck(reason)
	}
	if first {
		c.opt.Log.Error("nothing can be stored", "err", err)
	}
}

func (c *Collector) stored(batches []history.Batch, outcomes []history.Outcome, from []*runner, took time.Duration) {
	c.mu.Lock()
	was := c.stuck
	c.stuck = nil
	c.mu.Unlock()
	if was != nil {
		c.opt.Log.Info("records are stored again")
	}
	report := Commit{Took: took}
	for i, r := range from {
		r.stored(batches[i], outcomes[i])
		report.Records += outcomes[i].Added
		report.Bytes += batches[i].Bytes
	}
	c.opt.Observe(report)
}

func (r *runner) take() (history.Batch, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queue == nil {
		return history.Batch{}, false
	}
	b, ok := r.queue.Take()
	return history.Batch{Feed: r.name, Kind: r.want.feed.Kind.Code, Origin: history.FromFeed, Batch: b}, ok
}

func (r *runner) stored(b history.Batch, o history.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.add(b, o)
	r.rate.add(time.Now(), o.Added)
	r.queue.Done()
}
