package feed

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
)

func TestBucketGuard(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	bucket := func(i int) record.Instant {
		return record.At(now.Add(-bucketsFree)) - record.Instant(i)*record.BucketWidth
	}
	var g bucketGuard
	for i := range bucketsPerMinute {
		if wait := g.admit(bucket(i), now); wait != 0 {
			t.Fatalf("bucket %d waits %s", i, wait)
		}
	}
	if wait := g.admit(bucket(7), now); wait != 0 {
		t.Errorf("a known bucket waits %s", wait)
	}
	wait := g.admit(bucket(bucketsPerMinute), now)
	if wait <= 0 || wait > time.Minute {
		t.Fatalf("one too many waits %s", wait)
	}
	if again := g.admit(bucket(bucketsPerMinute), now.Add(wait)); again != 0 {
		t.Errorf("having waited it waits %s more", again)
	}
	later := now.Add(wait)
	for i := range bucketsPerMinute - 1 {
		g.admit(bucket(bucketsPerMinute+1+i), later)
	}
	if again := g.admit(bucket(3*bucketsPerMinute), later.Add(59*time.Second)); again != time.Second {
		t.Errorf("the next waits %s", again)
	}
}

// Whoever makes up times takes nothing from those who tell of today.
func TestBucketsOfTodayAreFree(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var g bucketGuard
	for i := range bucketsPerMinute + 1 {
		g.admit(record.Instant(i)*record.BucketWidth, now)
	}
	for ago := -time.Hour; ago < bucketsFree; ago += 5 * time.Minute {
		if wait := g.admit(record.At(now.Add(-ago)), now); wait != 0 {
			t.Errorf("%s ago waits %s", ago, wait)
		}
	}
	edge := record.At(now.Add(-bucketsFree)) + 1
	if wait := g.admit(edge, now.Add(time.Second)); wait == 0 {
		t.Error("a day ago does not wait")
	}
	g.admit(edge, now)
	if wait := g.admit(edge, now.Add(time.Second)); wait != 0 {
		t.Errorf("what was let in just now waits %s when it is asked for again", wait)
	}
}

// Early tells what Record would do, and Record keeps to it.
func TestEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		if err := d.far(t.Context(), bucketsPerMinute); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		old := record.At(begun.AddDate(-2, 0, 0))
		if wait := d.Early(old); wait != time.Minute {
			t.Fatalf("it is to wait %s", wait)
		}
		if wait := d.Early(0); wait != 0 { // Record refuses it
			t.Errorf("a time that cannot be true waits %s", wait)
		}
		time.Sleep(time.Minute)
		if wait := d.Early(old); wait != 0 {
			t.Fatalf("after a minute it is to wait %s", wait)
		}
		if err := d.Record(t.Context(), record.New(old, 0, []byte("x")), nil); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

// Whoever comes for hours gets the allowance of hours, and no more.
func TestBucketGuardHoldsItsRate(t *testing.T) {
	const hours = 3
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	end := now.Add(hours * time.Hour)
	var g bucketGuard
	admitted := 0
	for now.Before(end) {
		at := record.Instant(admitted) * record.BucketWidth
		if wait := g.admit(at, now); wait > 0 {
			now = now.Add(wait)
			continue
		}
		admitted++
	}
	if most := hours * 60 * bucketsPerMinute; admitted != most {
		t.Errorf("%d buckets in %d hours, want %d", admitted, hours, most)
	}
	if len(g.known) > bucketsKnown {
		t.Errorf("%d are remembered", len(g.known))
	}
}

// far tells n records, each in a bucket of its own, and returns what the
// queue said to the last.
func (d *desk) far(ctx context.Context, n int) (err error) {
	for i := range n {
		at := record.At(time.Now().Add(-bucketsFree)) - record.Instant(i)*record.BucketWidth
		err = d.Record(ctx, record.New(at, 0, fmt.Append(nil, i)), nil)
	}
	return err
}

func TestTimesTooFarApartMakeTheUpstreamWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		begun := time.Now()
		if err := d.far(t.Context(), bucketsPerMinute); err != nil || time.Since(begun) != 0 {
			t.Fatalf("after %s: %v", time.Since(begun), err)
		}
		d.next(t)
		d.Done()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		older := record.At(begun.AddDate(-3, 0, 0))
		if err := d.Record(ctx, record.New(older, 0, []byte("x")), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended while it waits: %v", err)
		}
		old := record.At(begun.AddDate(-2, 0, 0))
		if err := d.Record(t.Context(), record.New(old, 0, []byte("x")), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("it waited %s", took)
		}
	})
}

func TestTimesTooFarApartAreRejectedIfTheUpstreamCannotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{Overruns: true})
		if err := d.far(t.Context(), bucketsPerMinute+5); err != nil {
			t.Fatal(err)
		}
		b := d.next(t)
		if len(b.Records) != bucketsPerMinute || b.Rejected != 5 || len(b.Quarantine) != 5 || b.Quarantine[0].Reason != Rejected {
			t.Errorf("%d records, %d rejected: %+v", len(b.Records), b.Rejected, b.Quarantine)
		}
	})
}
