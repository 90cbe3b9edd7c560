package count

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// A running is a counter that runs, in a bubble.
type running struct {
	rig
	*Counter
	stop func()
}

// runs starts a counter of a queue_log.
func runs(t *testing.T, opt Options) *running {
	t.Helper()
	r := &running{rig: rig{h: openHistory(t), name: "log", format: "queue_log"}}
	opt.Log = slog.New(slog.DiscardHandler)
	r.Counter = New(r.h, opt)
	r.SetFeeds([]Feed{{r.name, "cdr_csv"}}) // which never begins
	r.SetFeeds([]Feed{{r.name, r.format}, {"notes", "text"}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return r
}

// entered makes the lines of callers who join a queue, a second after each other.
func entered(from record.Instant, n int) []record.Record {
	all := make([]record.Record, n)
	for i := range all {
		at := from + record.Instant(i)*record.Second
		all[i] = record.New(at, 0, fmt.Appendf(nil, "%d|%d.1|sales|NONE|ENTERQUEUE||555|1", at/record.Second, at/record.Second))
	}
	return all
}

// offered returns how many calls are counted.
func (r *running) offered(t *testing.T) (n int64) {
	t.Helper()
	for _, row := range r.counted(t).Queues {
		n += row.Counts.Offered
	}
	return n
}

// after lets time pass.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestRecordsAreCountedOnceTheySettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runs(t, Options{})
		defer r.stop()
		after(time.Minute) // the feed is not known yet
		r.commit(t, entered(begins, 3))
		r.Notify()
		after(1900 * time.Millisecond)
		if n := r.offered(t); n != 0 {
			t.Errorf("%d calls are counted before they settled", n)
		}
		after(2 * time.Second) // it falls silent
		if n := r.offered(t); n != 3 {
			t.Errorf("%d calls are counted", n)
		}
		b := history.Batch{Feed: r.name, Kind: 1, Batch: feed.Batch{Marks: []feed.Mark{
			{What: feed.BeginMark, From: begins, Begin: &feed.Session{From: begins}}, {What: feed.ProofMark, Until: begins + record.Minute},
		}}}
		if _, err := r.h.Commit(t.Context(), []history.Batch{b}); err != nil {
			t.Fatal(err)
		}
		after(5 * time.Second) // nobody says so, as after a fill
		if c, err := r.h.CountedState(t.Context(), r.name); err != nil || c.Through != begins+record.Minute {
			t.Errorf("%+v, %v", c, err)
		}
		r.check(t)
	})
}

// What a fill brings is counted when it came to an end.
func TestAFillIsCountedAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runs(t, Options{})
		defer r.stop()
		r.commit(t, entered(begins+record.Hour, 10))
		after(10 * time.Second)
		filled := entered(begins, 40)
		for batch := range slices.Chunk(filled, 2) {
			r.merge(t, batch)
			after(time.Second)
			if n := r.offered(t); n != 10 {
				t.Fatalf("%d calls are counted within the fill", n)
			}
		}
		after(3 * time.Second)
		if n := r.offered(t); n != 50 {
			t.Errorf("%d calls are counted", n)
		}
		r.check(t)
	})
}

// Feeds are counted as they are configured, and by one at a time.
func TestSetFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runs(t, Options{})
		defer r.stop()
		all := entered(begins, 30)
		r.commit(t, all[:10])
		after(10 * time.Second)
		r.SetFeeds(nil)
		r.commit(t, all[10:20])
		after(10 * time.Second)
		if n := r.offered(t); n != 10 || len(r.Feeds()) > 0 {
			t.Errorf("%d calls are counted of a feed that is not, feeds %v", n, r.Feeds())
		}
		for range 5 {
			r.SetFeeds([]Feed{{r.name, "cdr_csv"}})
			r.SetFeeds(nil)
			r.SetFeeds([]Feed{{r.name, r.format}})
		}
		r.commit(t, all[20:])
		after(10 * time.Second)
		if n := r.offered(t); n != 30 || !slices.Equal(r.Feeds(), []string{r.name}) {
			t.Errorf("%d calls are counted, feeds %v", n, r.Feeds())
		}
		r.check(t)
		r.SetFeeds([]Feed{{r.name, "cdr_csv"}})
		after(10 * time.Second)
		if n := r.offered(t); n != 0 {
			t.Errorf("%d calls are counted by rules that hold no more", n)
		}
	})
}

func TestRebuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runs(t, Options{Room: func(context.Context, time.Duration) { after(time.Millisecond) }})
		whole := record.Span{From: -1 << 62, To: 1 << 62}
		none := func(Progress) {}
		synctest.Wait()
		for _, name := range []string{"other", "notes"} {
			if _, err := r.Rebuild(t.Context(), name, whole, none); !errors.Is(err, ErrNoFeed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := r.Rebuild(t.Context(), r.name, whole, none); !errors.Is(err, history.ErrUnknownFeed) {
			t.Errorf("nothing was collected yet: %v", err)
		}
		for day := range record.Instant(5) {
			r.commit(t, entered(begins+day*record.Day, 2000))
		}
		after(10 * time.Second)
		var steps []Progress
		done, err := r.Rebuild(t.Context(), r.name, whole, func(p Progress) { steps = append(steps, p) })
		if err != nil || done.Records != 10_000 || len(steps) < 5 || steps[len(steps)-1].Until != steps[0].To {
			t.Errorf("%+v, %v, steps %v", done, err, steps)
		}
		hour := record.Span{From: begins, To: begins + 10*record.Minute}
		want := record.Span{From: begins - 3*record.Minute, To: begins + 12*record.Minute}
		if done, err = r.Rebuild(t.Context(), r.name, hour, none); err != nil || done.Span != want || done.Records != 12*60 {
			t.Errorf("%+v, %v", done, err)
		}
		r.check(t)

		left, cancel := context.WithCancel(t.Context())
		if _, err := r.Rebuild(left, r.name, whole, func(Progress) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits any more: %v", err)
		}
		r.check(t)
		r.stop()
		if _, err := r.Rebuild(t.Context(), r.name, whole, none); !errors.Is(err, ErrNoFeed) {
			t.Errorf("it does not run: %v", err)
		}
	})
}

// What comes is counted while a rebuild takes its time.
func TestTheHeadGoesOnBesideARebuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runs(t, Options{Room: func(context.Context, time.Duration) { <-time.After(10 * time.Second) }})
		defer r.stop()
		for day := range record.Instant(10) {
			r.commit(t, entered(begins+day*record.Day, 100))
		}
		after(10 * time.Minute)
		r.commit(t, entered(begins+10*record.Day, 50))
		_, err := r.Rebuild(t.Context(), r.name, record.Span{To: begins + 9*record.Day}, func(p Progress) {
			if p.Until < p.To && p.Until > begins+5*record.Day {
				if n := r.offered(t); n != 1050 {
					t.Errorf("%d calls are counted half way", n)
				}
			}
		})
		if err != nil {
			t.Error(err)
		}
		r.check(t)
	})
}

// Records come from two sides, out of order, while they are counted.
func TestCountingBesideCollecting(t *testing.T) {
	r := runs(t, Options{})
	var fills, feeds []record.Record
	for i, one := range entered(begins, 6000) {
		if i/200%3 == 1 {
			fills = append(fills, one)
		} else {
			feeds = append(feeds, one)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	if _, err := r.h.Start(t.Context(), r.name); err != nil { // nothing is filled of a feed that is not known yet
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() {
		var err error
		for batch := range slices.Chunk(fills, 50) {
			err = errors.Join(err, r.tryMerge(batch))
		}
		over <- err
	}()
	for batch := range slices.Chunk(feeds, 40) {
		random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		r.commit(t, batch)
		r.Notify()
	}
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); r.offered(t) < 6000; {
		if time.Now().After(deadline) {
			c, err := r.h.CountedState(t.Context(), r.name)
			t.Fatalf("%d calls are counted; %+v, %v", r.offered(t), c, err)
		}
		<-time.After(50 * time.Millisecond)
	}
	r.stop()
	r.check(t)
}
