package tail

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// errHung tells of a call into the file system that does not come back, as on
// a network mount whose server is gone.
var errHung = errors.New("the file system does not answer: is its server there?")

// A voice is a follower's way to the queue. Somebody else watches by it whether
// the follower hangs in the file system, and ends the session then.
//
// It falls silent when the source ends, so that a call that comes back later
// says nothing any more: another follower may be at work.
type voice struct {
	q     *feed.Queue
	ended <-chan struct{}
	born  time.Time
	since atomic.Int64 // nanoseconds from born until it went to the files last; 0 while it is not there

	mu   sync.Mutex  // a session begins, or is ended from outside
	hung atomic.Bool // the session was ended from outside
}

func newVoice(q *feed.Queue, ended <-chan struct{}) *voice {
	return &voice{q: q, ended: ended, born: time.Now()}
}

// leave says that at that time the follower goes to the files.
func (v *voice) leave(at time.Time) { v.since.Store(max(1, int64(at.Sub(v.born)))) }

// back says that the follower is not at the files, and may wait for long.
func (v *voice) back() { v.since.Store(0) }

// watch ends the session if the follower hangs at the files, and tells whether
// it did. It is called once in a while by another goroutine.
func (v *voice) watch(path string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	since := v.since.Load()
	if v.hung.Load() || since == 0 || now.Sub(v.born)-time.Duration(since) < patience {
		return false
	}
	v.hung.Store(true)
	v.q.End(feed.Mute, errHung)
	v.q.Report(feed.Health{State: feed.Down, Address: path, Err: errHung})
	return true
}

func (v *voice) silent() bool {
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

func (v *voice) begin(s feed.Session, address string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.silent() {
		return
	}
	v.leave(time.Now()) // it is here, so that watch ends no session that begins just now
	v.hung.Store(false)
	v.q.Begin(s, address)
}

func (v *voice) record(ctx context.Context, r record.Record, position []byte) error {
	if v.silent() {
		return context.Canceled
	}
	v.back()
	return v.q.Record(ctx, r, position)
}

func (v *voice) reject(text string, raw, position []byte) {
	if !v.silent() {
		v.q.Reject(feed.Rejected, text, raw, position)
	}
}

func (v *voice) advance(position []byte) {
	if !v.silent() {
		v.q.Advance(position)
	}
}

func (v *voice) proof(until record.Instant) {
	if !v.silent() {
		v.q.Proof(until)
	}
}

func (v *voice) end(why error) {
	if !v.silent() {
		v.q.End(feed.Unreachable, why)
	}
}

func (v *voice) report(h feed.Health) {
	if !v.silent() {
		v.q.Report(h)
	}
}

func (v *voice) flush() {
	if !v.silent() {
		v.q.Flush()
	}
}
