package count

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

const (
	lookEvery = 500 * time.Millisecond // at most so often is looked whether there is something to count
	idleLook  = 2 * time.Second        // and so often when nobody said that something was stored
	retry     = 5 * time.Second        // after an error
	// pace is how many times as long as it took is waited between two steps at
	// the head, where nobody is behind: counting takes that part of a processor.
	pace = 5
	// longestPace is as long as that may be.
	longestPace = 5 * time.Second
)

// errBroke is what a panic over a feed's records becomes.
var errBroke = errors.New("broke on what it read")

// A counting is one feed being counted. Only its own goroutine, run, uses what
// stands below the channels.
type counting struct {
	c      *Counter
	feed   Feed
	decode acd.Decoder
	log    *slog.Logger

	wake   chan struct{}   // has a token when something was stored
	works  chan *work      // that somebody waits for
	gone   chan struct{}   // closed when the feed is counted no more
	over   chan struct{}   // closed when run has ended
	former <-chan struct{} // nil, or closed when this may begin

	begun   bool
	head    *walk // nil: to be made of what is written down
	settle  settling
	marks   marks
	looked  time.Time // last
	rest    time.Time // when the head may go on
	told    string    // the last error that was logged
	through record.Instant
	records int64 // read so far
}

func newCounting(c *Counter, f Feed, decode acd.Decoder) *counting {
	return &counting{
		c: c, feed: f, decode: decode, log: c.opt.Log.With("feed", f.Name),
		wake: make(chan struct{}, 1), works: make(chan *work), gone: make(chan struct{}), over: make(chan struct{}),
	}
}

// run counts until ctx ends or the feed is gone. An error means that the
// history takes no more.
func (f *counting) run(ctx context.Context) error {
	defer close(f.over)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-f.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	if f.former != nil {
		<-f.former
	}
	for ctx.Err() == nil {
		wait, err := f.guard(func() (time.Duration, error) { return f.step(ctx) })
		if err != nil {
			f.head = nil // it may be ahead of what was written
			if errors.Is(err, history.ErrFailed) {
				return err
			}
			f.complain(ctx, err)
			wait = retry
		}
		f.sleep(ctx, wait)
	}
	return nil
}

// sleep waits until something may be due.
func (f *counting) sleep(ctx context.Context, wait time.Duration) {
	least, most := time.NewTimer(min(wait, lookEvery)), time.NewTimer(wait)
	defer least.Stop()
	defer most.Stop()
	select {
	case <-ctx.Done():
		return
	case w := <-f.works:
		f.do(ctx, w)
		return
	case <-least.C:
	}
	select {
	case <-ctx.Done():
	case w := <-f.works:
		f.do(ctx, w)
	case <-f.wake:
	case <-most.C:
	}
}

// complain logs an error, once.
func (f *counting) complain(ctx context.Context, err error) {
	if text := err.Error(); text != f.told && ctx.Err() == nil && !errors.Is(err, history.ErrUnknownFeed) {
		f.told = text
		f.log.Error("counting does not get on, it is tried again", "err", err, "retry_every", retry.String())
	}
}

// guard turns a panic into an error: what one upstream said must not end
// anything else.
func (f *counting) guard(run func() (time.Duration, error)) (wait time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errBroke, p)
			f.log.Error("counting broke", "err", err, "stack", string(debug.Stack()))
		}
	}()
	return run()
}

// step does what is due, and returns in how long something may be due again.
func (f *counting) step(ctx context.Context) (time.Duration, error) {
	if !f.begun {
		_, err := f.begin(ctx)
		if errors.Is(err, history.ErrUnknownFeed) { // nobody has collected it yet
			return idleLook, nil
		}
		if err != nil {
			return 0, err
		}
	}
	if err := f.mend(ctx); err != nil {
		return 0, err
	}
	now := time.Now()
	if err := f.look(ctx, now); err != nil {
		return 0, err
	}
	if err := f.follow(ctx, now); err != nil {
		return 0, err
	}
	f.told = ""
	return f.wait(now), nil
}

// mend counts what came late, if that is due.
func (f *counting) mend(ctx context.Context) error {
	now := time.Now()
	if now.Before(f.marks.look) {
		return nil
	}
	state, err := f.begin(ctx)
	if err != nil {
		return err
	}
	f.marks.look = now.Add(pace * time.Since(now)) // a fill of years makes many
	if !f.marks.due(now, state) {
		return nil
	}
	if err := f.again(ctx, state.Marked); err != nil {
		return err
	}
	f.marks.done(now, time.Now())
	return nil
}

// look finds out how far the feed has come.
func (f *counting) look(ctx context.Context, now time.Time) error {
	end, err := f.c.history.Horizon(ctx, f.feed.Name)
	if err == nil {
		f.settle.saw(now, end)
		f.looked = now
	}
	return err
}

// follow counts on at the head as far as it settled.
func (f *counting) follow(ctx context.Context, now time.Time) error {
	to := f.settle.settled(now)
	if to <= f.through || now.Before(f.rest) {
		return nil
	}
	if err := f.advance(ctx, to); err != nil {
		return err
	}
	f.rest = time.Now().Add(min(pace*time.Since(now), longestPace))
	return nil
}

// between lets others go first between two steps of counting anew, and does not
// let the head wait for the last of them.
func (f *counting) between(ctx context.Context, begun time.Time) error {
	f.c.opt.Room(ctx, time.Since(begun))
	now := time.Now()
	if now.Sub(f.looked) < lookEvery {
		return nil
	}
	if err := f.look(ctx, now); err != nil {
		return err
	}
	return f.follow(ctx, now)
}

// wait returns in how long something may be due.
func (f *counting) wait(now time.Time) time.Duration {
	wait := idleLook
	if at, ok := f.settle.next(now); ok {
		wait = min(wait, at.Sub(now))
	}
	if f.marks.waiting() {
		wait = min(wait, lookEvery)
	}
	return max(wait, f.rest.Sub(now))
}

// begin says by which rules the feed is counted, once, and returns how far it is.
func (f *counting) begin(ctx context.Context) (history.Counted, error) {
	if !f.begun {
		if err := f.c.history.CountBy(ctx, f.feed.Name, f.feed.Format, acd.FoldVersion); err != nil {
			return history.Counted{}, err
		}
		f.begun = true
	}
	state, err := f.c.history.CountedState(ctx, f.feed.Name)
	f.through = state.Through
	return state, err
}
