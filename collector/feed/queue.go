package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	headLen        = 256                   // bytes of a rejected frame that are kept
	headsPerBatch  = 32                    // rejected frames of a batch that are kept
	batchRecords   = 8192                  // a batch closes at this many records,
	batchBytes     = 2 << 20               // at this many bytes,
	batchAge       = 50 * time.Millisecond // when its first record is this old, or when its source says Flush
	proofAge       = 2 * time.Second       // proof of coverage alone may wait this long for company
	recordOverhead = 64                    // what a record costs in memory beside its bytes
	futureLimit    = time.Hour             // a time further ahead of our clock cannot be true
)

// A Queue holds what one source has heard and the collector has not yet
// stored. It is bounded in bytes, so that no feed can fill the memory or hurt
// another feed. One goroutine tells and one takes; any may ask for Health.
type Queue struct {
	limit    int
	overruns bool
	notify   func()
	buckets  bucketGuard // the telling goroutine's own

	mu      sync.Mutex
	batch   Batch
	memory  arena
	due     bool // the growing batch may be taken
	age     *time.Timer
	held    int           // bytes in the growing batch and in the one being stored
	taken   int           // bytes in the one being stored
	toldOf  uint64        // what was told when it was taken
	stored  uint64        // so much of what was told is stored
	busy    bool          // one is being stored
	room    chan struct{} // closed and made anew whenever bytes were stored
	told    uint64        // records and rejections, since the beginning: see Told
	stuck   Reason        // why nothing is stored at present; "" if it is
	hole    *hole         // begun by a rejection, not yet ended
	several *several      // what is instead of it where deliveries come side by side
	early   spoilt        // the last rejection before the session
	leaving Reason        // why sessions that just stop do so; "" for no special reason
	session bool
	absent  bool           // it was said that nobody is heard, and no session began since
	proven  record.Instant // up to here in this session
	lastAt  record.Instant // of the last record in this session
	asOf    [2]time.Time   // when proof was told last but one, and last; or the session begun
	health  Health
}

// NewQueue makes the queue of a feed. It calls notify, which must not block,
// whenever a batch may be taken.
func NewQueue(o Options, k Kind, notify func()) *Queue {
	return &Queue{
		limit:    o.QueueLimit,
		overruns: k.Overruns,
		notify:   notify,
		room:     make(chan struct{}),
		health:   Health{State: Connecting},
	}
}

// Health returns what the source said last.
func (q *Queue) Health() Health {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.health
}

// Record adds one record, whose raw bytes it copies, and the position after it
// (nil: unchanged). A time that cannot be true makes it a rejection. While the
// queue is full it blocks, or returns ErrOverrun where the upstream cannot be
// made to wait. Any other error is ctx's.
func (q *Queue) Record(ctx context.Context, r record.Record, position []byte) error {
	now := time.Now()
	if !canBe(r.At, now) {
		q.Reject(Clock, fmt.Sprintf("its time %s cannot be true", r.At), r.Raw, position)
		return nil
	}
	if wait := q.buckets.admit(r.At, now); wait > 0 {
		if q.overruns {
			q.Reject(Rejected, TooFar, r.Raw, position)
			return nil
		}
		if err := q.waitBucket(ctx, r.At, wait); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.waitRoom(ctx, len(r.Raw)+recordOverhead); err != nil {
		return err
	}
	q.add(r, position)
	return nil
}

// Early returns how long Record would keep a record of that time waiting for the
// reason TooFar; after 0 it does not. It is for the telling goroutine of a
// source of several senders, of which one must not make the others wait.
func (q *Queue) Early(at record.Instant) time.Duration {
	now := time.Now()
	if !canBe(at, now) {
		return 0
	}
	return q.buckets.admit(at, now)
}

// Reject counts a frame or record that cannot be kept, and keeps its beginning
// for a person to look at. The stretch up to the next good record is a hole; in
// a session of several deliveries it is what was not proven when it came.
func (q *Queue) Reject(why Reason, text string, raw, position []byte) {
	q.RejectOf(0, Rejection{Reason: why, Text: text, Head: raw}, position)
}

// RejectOf is Reject of what tells its time all the same; 0 if it does not. Where
// several deliveries come side by side that time is in a hole, wherever it lies.
// It copies the beginning of r's Head, and sets its At. It is for the telling goroutine.
func (q *Queue) RejectOf(at record.Instant, r Rejection, position []byte) {
	if now := time.Now(); at != 0 && (!canBe(at, now) || q.buckets.admit(at, now) > 0) {
		at = 0 // made up
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.quarantine(r)
	q.extendHole(r.Reason, now)
	q.several.date(&q.batch, r.Reason, at)
	q.position(position)
	q.dueIn(batchAge)
}

// quarantine counts a rejection and keeps its beginning, if there is room. It
// returns when.
func (q *Queue) quarantine(r Rejection) record.Instant {
	now := record.At(time.Now())
	q.batch.Rejected++
	q.told++
	if len(q.batch.Quarantine) < headsPerBatch {
		r.At, r.Head = now, append([]byte(nil), r.Head[:min(len(r.Head), headLen)]...)
		q.batch.Quarantine = append(q.batch.Quarantine, r)
	}
	return now
}

// Flush says that the source has nothing more to read at present, so that what
// it told need not wait for more.
func (q *Queue) Flush() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batch.Records) > 0 || q.batch.Rejected > 0 {
		q.makeDue()
	}
}

// Advance moves the position where nothing was worth a record.
func (q *Queue) Advance(position []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.position(position)
	q.dueIn(proofAge)
}

// Room waits until at least half of the queue is free: a source whose session
// ended in an overrun waits so before it begins the next.
func (q *Queue) Room(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.held > q.limit/2 {
		if err := q.awaitStored(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Drain waits until all that was told is stored.
func (q *Queue) Drain(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.busy || !q.batch.Empty() {
		if err := q.awaitStored(ctx); err != nil {
			return fmt.Errorf("store what was heard: %w", err)
		}
	}
	return nil
}

// Take returns the growing batch if it may be taken and none is being stored.
// The caller stores it and then calls Done, after which its memory is used for
// another.
func (q *Queue) Take() (Batch, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.batch.Empty() {
		q.due = false
	}
	if !q.due || q.busy {
		return Batch{}, false
	}
	b := q.batch
	q.batch = Batch{Records: q.memory.take(b.Records)}
	q.due, q.busy, q.taken, q.toldOf = false, true, q.held, q.told
	q.hole.taken()
	q.several.taken()
	if q.age != nil {
		q.age.Stop()
	}
	return b, true
}

// Done says that the batch that was taken is stored.
func (q *Queue) Done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.memory.free()
	q.held -= q.taken
	q.taken, q.busy, q.stuck = 0, false, ""
	q.stored = q.toldOf
	close(q.room)
	q.room = make(chan struct{})
	if q.due {
		q.notify()
	}
}

// Stuck says why nothing can be stored for now, until the next Done; "" takes
// that back.
func (q *Queue) Stuck(why Reason) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stuck = why
}

// Held returns how many records and bytes wait to be taken or stored.
func (q *Queue) Held() (records, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.batch.Records), q.held
}

func (q *Queue) add(r record.Record, position []byte) {
	r.Raw = q.memory.keep(r.Raw)
	q.batch.Records = append(q.batch.Records, r)
	q.told++
	q.batch.Bytes += len(r.Raw)
	q.held += len(r.Raw) + recordOverhead
	q.position(position)
	if q.hole != nil && r.At > q.hole.behind {
		q.endHole(r.At)
	}
	q.lastAt = r.At
	if len(q.batch.Records) >= batchRecords || q.batch.Bytes >= batchBytes {
		q.makeDue()
	} else {
		q.dueIn(batchAge)
	}
}

func (q *Queue) position(p []byte) {
	if p != nil {
		q.batch.Position = append(q.batch.Position[:0], p...)
	}
}

// waitRoom waits, with the lock held, until size more bytes fit.
func (q *Queue) waitRoom(ctx context.Context, size int) error {
	for q.held+size > q.limit && q.held > 0 {
		if q.overruns {
			return ErrOverrun
		}
		if err := q.awaitStored(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitStored gives up the lock until a batch was stored or ctx ends.
func (q *Queue) awaitStored(ctx context.Context) error {
	room := q.room
	q.makeDue()
	q.mu.Unlock()
	defer q.mu.Lock()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *Queue) waitBucket(ctx context.Context, at record.Instant, wait time.Duration) error {
	q.Flush()
	for wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = q.buckets.admit(at, time.Now())
	}
	return nil
}

func (q *Queue) makeDue() {
	if q.due {
		return
	}
	q.due = true
	if !q.busy {
		q.notify()
	}
}

// dueIn makes the growing batch due after d, or earlier if something else does.
func (q *Queue) dueIn(d time.Duration) {
	if q.due || (d == proofAge && q.batch.aging != 0) || q.batch.aging == batchAge {
		return
	}
	q.batch.aging = d
	if q.age == nil {
		q.age = time.AfterFunc(d, q.aged)
		return
	}
	q.age.Reset(d)
}

func (q *Queue) aged() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.batch.Empty() {
		q.makeDue()
	}
}
