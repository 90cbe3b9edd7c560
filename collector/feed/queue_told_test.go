package feed

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinctl/twin/collector/record"
)

// What was told is acknowledged once the batch that it came into is stored,
// and not when one is that was taken before.
func TestStoredWaitsForTheBatchOfWhatWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(DefaultQueueLimit, Kind{})
		tell := func(text string) uint64 {
			if err := d.Record(t.Context(), record.New(record.At(time.Now()), 0, []byte(text)), nil); err != nil {
				t.Fatal(err)
			}
			return d.Told()
		}
		if _, err := d.Stored(t.Context(), d.Told()); err != nil {
			t.Errorf("of nothing: %v", err)
		}
		one := tell("one")
		if _, took := d.wait(t); took > batchAge {
			t.Errorf("taken after %s", took)
		}
		two := tell("two") // while the first is being stored
		d.Reject(Rejected, "not a record", []byte("three"), nil)
		three := d.Told()
		if one != 1 || two != 2 || three != 3 {
			t.Errorf("marks %d, %d, %d", one, two, three)
		}
		for mark, stored := range map[uint64]bool{one: false, two: false, three: false} {
			if got := isStored(t, d, mark); got != stored {
				t.Errorf("mark %d stored: %v before anything was", mark, got)
			}
		}
		d.Done()
		if !isStored(t, d, one) || isStored(t, d, two) {
			t.Error("the first batch does not hold the first record alone")
		}
		ended := make(chan error, 1)
		go func() {
			upTo, err := d.Stored(t.Context(), two)
			if upTo != three {
				t.Errorf("stored up to %d, want %d", upTo, three)
			}
			ended <- err
		}()
		d.wait(t)
		synctest.Wait()
		select {
		case <-ended:
			t.Error("told as stored while it was being stored")
		default:
		}
		d.Done()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// isStored tells whether Stored returns at once.
func isStored(t *testing.T, d *desk, mark uint64) bool {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := d.Stored(ctx, mark)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("mark %d: %v", mark, err)
	}
	return err == nil
}
