package collector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// ailing is a history whose commits fail while err is set.
type ailing struct {
	*history.DB

	mu    sync.Mutex
	err   error
	tries int
}

func (h *ailing) set(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err, h.tries = err, 0
}

func (h *ailing) state() (tries int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries++
	return h.tries, h.err
}

func (h *ailing) Start(ctx context.Context, name string) (feed.Start, error) {
	if _, err := h.state(); err != nil {
		return feed.Start{}, err
	}
	return h.DB.Start(ctx, name)
}

func (h *ailing) Commit(ctx context.Context, batches []history.Batch) ([]history.Outcome, error) {
	if _, err := h.state(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return h.DB.Commit(ctx, batches)
}

func TestAFullDiskLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		a, b := newMike(), newMike()
		c := run(t, h, a.feed("a"), b.feed("b"))
		pass(time.Second)

		h.set(history.ErrFull)
		a.say("first")
		pass(time.Second) // this one is being stored
		a.say("second")
		b.say("of another feed")
		pass(30 * time.Second)
		if err := c.Stuck(); !errors.Is(err, history.ErrFull) {
			t.Errorf("stuck: %v", err)
		}
		if tries, _ := h.state(); tries < 25 || tries > 40 {
			t.Errorf("%d tries in half a minute", tries)
		}
		checkStored(t, db, "a")

		h.set(nil)
		pass(2 * fullPause)
		if err := c.Stuck(); err != nil {
			t.Errorf("still stuck: %v", err)
		}
		checkStored(t, db, "a", "first", "second")
		checkStored(t, db, "b", "of another feed")
		checkGaps(t, db, "")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

// Whoever reconnects, pauses or breaks meanwhile does not lose what it had told.
func TestAFullDiskWhileFeedsComeAndGo(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		paused, broken, removed := newMike(), newMike(), newMike()
		mikes := map[string]*mike{"paused": paused, "broken": broken, "removed": removed}
		c := run(t, h, paused.feed("paused"), broken.feed("broken"), removed.feed("removed"))
		pass(time.Second)

		h.set(history.ErrFull)
		for _, text := range []string{"first", "second"} {
			for _, m := range mikes {
				m.say(text)
			}
			pass(time.Second)
		}
		c.Pause("paused", true)
		broken.said <- func(context.Context, *feed.Queue) error { return errors.New("broke") }
		c.Set([]Feed{paused.feed("paused"), broken.feed("broken")})
		pass(time.Minute)

		h.set(nil)
		pass(10 * time.Second)
		for name := range mikes {
			checkStored(t, db, name, "first", "second")
		}
		checkState(t, c, feed.Held, feed.Live)
		if got := string(broken.starts[1].Position); got != "after second" {
			t.Errorf("went on from %q", got)
		}
		for _, s := range c.Status() {
			if s.Counts.Duplicates != 0 || s.QueueBytes != 0 {
				t.Errorf("status %+v", s)
			}
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

// An upstream that cannot wait overruns its queue because the disk is full,
// even if what is being stored is another feed's.
func TestAnOverrunOnAFullDiskHasThatReason(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		other, m := newMike(), newMike()
		f := m.feed("pbx")
		f.Kind.Overruns, f.QueueLimit = true, 1000
		c := run(t, h, other.feed("other"), f)
		pass(time.Second)
		h.set(history.ErrFull)
		other.say("x")
		pass(time.Second)
		m.said <- func(ctx context.Context, q *feed.Queue) error {
			for {
				err := q.Record(ctx, record.New(record.At(time.Now()), 0, []byte(strings.Repeat("x", 100))), nil)
				if err != nil {
					q.End(feed.Overrun, err)
					return q.Room(ctx)
				}
			}
		}
		pass(10 * time.Second)
		h.set(nil)
		pass(10 * time.Second)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		gaps, err := db.Gaps(t.Context(), "pbx")
		if err != nil || len(gaps) == 0 || gaps[0].Reason != feed.DiskFull {
			t.Errorf("gaps %+v, %v", gaps, err)
		}
	})
}

func TestABusyHistoryIsTriedAgainSoon(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		h.set(history.ErrBusy)
		m.say("patient")
		pass(time.Second)
		if err := c.Stuck(); !errors.Is(err, history.ErrBusy) {
			t.Errorf("stuck: %v", err)
		}
		h.set(nil)
		pass(busyPause)
		checkStored(t, db, "pbx", "patient")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAFullDiskIsNotTriedUntilThereIsRoom(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		m := newMike()
		asked := 0
		c := runWith(t, h, Options{
			Observe: func(Commit) {},
			Room:    func() bool { asked++; return asked > 5 },
		}, m.feed("pbx"))
		pass(time.Second)
		h.set(history.ErrFull)
		m.say("x")
		pass(4500 * time.Millisecond)
		if tries, _ := h.state(); tries != 2 {
			t.Errorf("%d tries", tries-1)
		}
		h.set(nil)
		pass(2 * time.Second)
		checkStored(t, db, "pbx", "x")
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A stop that cannot store what was heard says so, and does not wait for ever.
func TestAStopOnAFullDisk(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		h.set(history.ErrFull)
		m.say("x")
		pass(time.Second)
		begun := time.Now()
		if err := c.stop(); !errors.Is(err, history.ErrFull) {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begun); took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAFailedWriteEndsTheCollecting(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		h := &ailing{DB: db}
		m := newMike()
		c := run(t, h, m.feed("pbx"))
		pass(time.Second)
		failed := errors.New("write failed, database closed")
		h.set(failed)
		m.say("x")
		m.flush()
		begun := time.Now()
		if err := <-c.ended; !errors.Is(err, failed) {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(begun); took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
		if tries, _ := h.state(); tries != 2 {
			t.Errorf("%d tries", tries-1)
		}
	})
}

func TestObserveIsToldOfEachCommit(t *testing.T) {
	bubble(t, func(t *testing.T, db *history.DB) {
		m := newMike()
		var told []Commit
		c := runWith(t, db, Options{Observe: func(done Commit) { told = append(told, done) }}, m.feed("pbx"))
		pass(time.Second)
		told = nil
		m.say("four")
		m.say("three")
		m.flush()
		synctest.Wait()
		if len(told) != 1 || told[0].Records != 2 || told[0].Bytes != 9 {
			t.Errorf("told %+v", told)
		}
		if err := c.stop(); err != nil {
			t.Error(err)
		}
	})
}
