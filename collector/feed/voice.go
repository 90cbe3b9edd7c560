package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// Patience is how long the files of a feed may be away, or a call to them may
// hang, before the feed is down.
const Patience = 10 * time.Second

// lastWait is for a call that hangs when its source is to end.
const lastWait = 2 * time.Second

// ErrHung tells of a call into the file system that does not come back, as on
// a network mount whose server is gone.
var ErrHung = errors.New("the file system does not answer: is its server there?")

// A Voice is the way to the queue of a source that reads files. Somebody else
// watches by it whether the source hangs in the file system, and ends the
// session then.
//
// It falls silent when the source ends, so that a call that comes back later
// says nothing any more: another source may be at work.
type Voice struct {
	q     *Queue
	ended <-chan struct{}
	born  time.Time
	since atomic.Int64 // nanoseconds from born until it went to the files last; 0 while it is not there

	mu   sync.Mutex  // a session begins, or is ended from outside
	hung atomic.Bool // the session was ended from outside
}

// NewVoice makes the voice of a source that is over when ended is closed.
func NewVoice(q *Queue, ended <-chan struct{}) *Voice {
	return &Voice{q: q, ended: ended, born: time.Now()}
}

// Attend runs what reads the files until it has ended, and watches over it; a
// panic of it goes on here. Once ctx has ended it waits no longer than two
// seconds: who hangs in the file system, which no call can be got out of, is
// left behind there with ErrHung.
func (v *Voice) Attend(ctx context.Context, place string, log *slog.Logger, run func()) error {
	ended := make(chan any, 1)
	go func() {
		defer func() {
			broke := recover()
			if broke != nil {
				log.Error("reader of files broke", "err", broke, "stack", string(debug.Stack()))
			}
			ended <- broke
		}()
		run()
	}()
	broke, err := v.attend(ctx, place, log, ended)
	if broke != nil {
		panic(broke) // for whoever runs the source to deal with
	}
	return err
}

// attend returns what the reader broke on, nil if it did not.
func (v *Voice) attend(ctx context.Context, place string, log *slog.Logger, ended <-chan any) (broke any, err error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case broke := <-ended:
			return broke, nil
		case now := <-tick.C:
			if v.watch(place, now) {
				log.Warn("feed is mute", "path", place, "err", ErrHung)
			}
			continue
		case <-ctx.Done():
		}
		select {
		case broke := <-ended:
			return broke, nil
		case <-time.After(lastWait):
			return nil, fmt.Errorf("file %s: %w", place, ErrHung)
		}
	}
}

// Leave says that at that time the source goes to the files.
func (v *Voice) Leave(at time.Time) { v.since.Store(max(1, int64(at.Sub(v.born)))) }

// Back says that the source is not at the files, and may wait for long.
func (v *Voice) Back() { v.since.Store(0) }

// Hung tells whether the session was ended because the source hung.
func (v *Voice) Hung() bool { return v.hung.Load() }

// watch ends the session if the source hangs at the files, and tells whether
// it did. It is called once in a while by another goroutine.
func (v *Voice) watch(place string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	since := v.since.Load()
	if v.hung.Load() || since == 0 || now.Sub(v.born)-time.Duration(since) < Patience {
		return false
	}
	v.hung.Store(true)
	v.q.End(Mute, ErrHung)
	v.q.Report(Health{State: Down, Address: place, Err: ErrHung})
	return true
}

func (v *Voice) silent() bool {
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

// Begin is Queue.Begin; Hung is over.
func (v *Voice) Begin(s Session, address string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.silent() {
		return
	}
	v.Leave(time.Now()) // it is here, so that watch ends no session that begins just now
	v.hung.Store(false)
	v.q.Begin(s, address)
}

// Record is Queue.Record. It says that the source is Back.
func (v *Voice) Record(ctx context.Context, r record.Record, position []byte) error {
	if v.silent() {
		return context.Canceled
	}
	v.Back()
	return v.q.Record(ctx, r, position)
}

// Reject is Queue.Reject.
func (v *Voice) Reject(why Reason, text string, raw, position []byte) {
	if !v.silent() {
		v.q.Reject(why, text, raw, position)
	}
}

// RejectOf is Queue.RejectOf.
func (v *Voice) RejectOf(at record.Instant, r Rejection, position []byte) {
	if !v.silent() {
		v.q.RejectOf(at, r, position)
	}
}

// Advance is Queue.Advance.
func (v *Voice) Advance(position []byte) {
	if !v.silent() {
		v.q.Advance(position)
	}
}

// Proof is Queue.Proof.
func (v *Voice) Proof(until record.Instant) {
	if !v.silent() {
		v.q.Proof(until)
	}
}

// Missing is Queue.Missing.
func (v *Voice) Missing(m Missing) {
	if !v.silent() {
		v.q.Missing(m)
	}
}

// Found is Queue.Found.
func (v *Voice) Found(s record.Span) {
	if !v.silent() {
		v.q.Found(s)
	}
}

// End is Queue.End.
func (v *Voice) End(reason Reason, why error) {
	if !v.silent() {
		v.q.End(reason, why)
	}
}

// Report is Queue.Report.
func (v *Voice) Report(h Health) {
	if !v.silent() {
		v.q.Report(h)
	}
}

// Flush is Queue.Flush.
func (v *Voice) Flush() {
	if !v.silent() {
		v.q.Flush()
	}
}

// Drain is Queue.Drain. It says that the source is Back.
func (v *Voice) Drain(ctx context.Context) error {
	if v.silent() {
		return context.Canceled
	}
	v.Back()
	return v.q.Drain(ctx)
}
