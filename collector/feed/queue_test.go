package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinctl/twin/collector/record"
)

var errCut = errors.New("connection cut")

// desk is a queue with somebody who takes from it.
type desk struct {
	*Queue
	wake chan struct{}
}

func newDesk(limit int, k Kind) *desk {
	d := &desk{wake: make(chan struct{}, 1)}
	d.Queue = NewQueue(Options{QueueLimit: limit}, k, func() {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	})
	return d
}

// wait takes the next batch and tells how long that took.
func (d *desk) wait(t *testing.T) (Batch, time.Duration) {
	t.Helper()
	begun := time.Now()
	for late := time.After(time.Minute); ; {
		if b, ok := d.Take(); ok {
			return b, time.Since(begun)
		}
		select {
		case <-d.wake:
		case <-late:
			t.Fatal("nothing to take in a minute")
		}
	}
}

// next takes the next batch and stores it, which is to keep a copy.
func (d *desk) next(t *testing.T) Batch {
	t.Helper()
	b, _ := d.wait(t)
	b.Records = slices.Clone(b.Records)
	for i := range b.Records {
		b.Records[i].Raw = slices.Clone(b.Records[i].Raw)
	}
	d.Done()
	return b
}

// tell tells a record of now, which must not block.
func (d *desk) tell(t *testing.T, text string) {
	t.Helper()
	d.tellAt(t, record.At(time.Now()), text)
}

func (d *desk) tellAt(t *testing.T, at record.Instant, text string) {
	t.Helper()
	if err := d.Record(t.Context(), record.New(at, 0, []byte(text)), []byte("after "+text)); err != nil {
		t.Fatal(err)
	}
}

func texts(b Batch) string {
	var all []string
	for _, r := range b.Records {
		all = append(all, string(r.Raw))
	}
	return strings.Join(all, " ")
}

func checkMarks(t *testing.T, got []Mark, want ...Mark) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Mark{}, "Begin", "Told", "Missed")); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func TestBatchClosesAtAnAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		d.tell(t, "a")
		time.AfterFunc(batchAge/2, func() { d.tell(t, "b") })
		b, took := d.wait(t)
		if texts(b) != "a b" || took != batchAge {
			t.Errorf("%q after %s", texts(b), took)
		}
		d.Done()
		d.tell(t, "c") // the next one has an age of its own
		if b, took := d.wait(t); texts(b) != "c" || took != batchAge {
			t.Errorf("%q after %s", texts(b), took)
		}
	})
}

func TestBatchClosesAtOnce(t *testing.T) {
	for name, fill := range map[string]func(t *testing.T, d *desk){
		"when the source waits": func(t *testing.T, d *desk) { d.tell(t, "a"); d.Flush() },
		"when it waits after a rejection": func(t *testing.T, d *desk) {
			d.Reject(Rejected, "bad", nil, nil)
			d.Flush()
		},
		"at a number of records": func(t *testing.T, d *desk) {
			for range batchRecords {
				d.tell(t, "a")
			}
		},
		"at a number of bytes": func(t *testing.T, d *desk) {
			for range 4 {
				d.tell(t, strings.Repeat("a", batchBytes/4))
			}
		},
		"when a session begins": func(t *testing.T, d *desk) { d.Begin(Session{From: record.At(time.Now())}, "x") },
		"when a session ends": func(t *testing.T, d *desk) {
			d.Begin(Session{From: record.At(time.Now())}, "x")
			d.next(t)
			d.End(Mute, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(64<<20, Kind{})
				fill(t, d)
				if _, took := d.wait(t); took != 0 {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func TestFlushOfNothingCostsNothing(t *testing.T) {
	d := newDesk(1<<20, Kind{})
	d.Flush()
	if b, ok := d.Take(); ok {
		t.Errorf("took %+v", b)
	}
}

func TestWhatHasTimeWaitsForCompany(t *testing.T) {
	for name, tell := range map[string]func(d *desk){
		"proof":        func(d *desk) { d.Proof(record.At(time.Now())) },
		"the position": func(d *desk) { d.Advance([]byte("further")) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(1<<20, Kind{})
				d.Begin(Session{From: record.At(time.Now())}, "x")
				d.next(t)
				tell(d)
				if _, took := d.wait(t); took != proofAge {
					t.Errorf("alone it took %s", took)
				}
				d.Done()
				tell(d)
				d.tell(t, "a")
				if _, took := d.wait(t); took != batchAge {
					t.Errorf("with a record it took %s", took)
				}
			})
		})
	}
}

func TestTheNextBatchGrowsWhileOneIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		d.tell(t, "a")
		d.Flush()
		first, _ := d.wait(t)
		for _, text := range []string{"b", "c"} {
			d.tell(t, text)
			d.Flush()
		}
		if _, ok := d.Take(); ok {
			t.Error("two batches are being stored")
		}
		if texts(first) != "a" || string(first.Position) != "after a" {
			t.Errorf("the one being stored became %q, %s", texts(first), first.Position)
		}
		d.Done()
		if b, took := d.wait(t); texts(b) != "b c" || took != 0 {
			t.Errorf("then %q after %s", texts(b), took)
		}
	})
}

func TestThePositionGoesWithTheRecordsBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		for i := range 20 {
			d.tell(t, fmt.Sprint(i))
			if i%3 == 0 {
				d.Flush()
			}
			if b, ok := d.Take(); ok {
				if last := b.Records[len(b.Records)-1]; string(b.Position) != "after "+string(last.Raw) {
					t.Errorf("position %q with the records %s", b.Position, texts(b))
				}
				d.Done()
			}
		}
		if err := d.Record(t.Context(), record.New(record.At(time.Now()), 0, []byte("x")), nil); err != nil {
			t.Fatal(err)
		}
		d.next(t)
		d.Flush()
		if _, ok := d.Take(); ok {
			t.Error("something is left")
		}
	})
}

// The source may use its buffers again.
func TestTheQueueKeepsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		raw, position, head := []byte("raw"), []byte("here"), []byte("bad")
		if err := d.Record(t.Context(), record.New(record.At(time.Now()), 0, raw), position); err != nil {
			t.Fatal(err)
		}
		d.Reject(Rejected, "bad", head, nil)
		for _, b := range [][]byte{raw, position, head} {
			clear(b)
		}
		b, _ := d.wait(t)
		if texts(b) != "raw" || string(b.Position) != "here" || string(b.Quarantine[0].Head) != "bad" {
			t.Errorf("batch %+v", b)
		}
	})
}

func TestAFullQueueMakesTheSourceWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1000
		d := newDesk(3*(size+recordOverhead), Kind{})
		long := strings.Repeat("x", size)
		for range 3 {
			d.tell(t, long)
		}
		told := make(chan struct{})
		go func() { d.tell(t, long); close(told) }()
		synctest.Wait()
		select {
		case <-told:
			t.Fatal("told beyond the limit")
		default:
		}
		b, took := d.wait(t)
		if len(b.Records) != 3 || took != 0 {
			t.Errorf("took %d records after %s", len(b.Records), took)
		}
		synctest.Wait()
		if records, bytes := d.Held(); records != 0 || bytes != 3*(size+recordOverhead) {
			t.Errorf("while they are stored %d records, %d bytes are held", records, bytes)
		}
		d.Done()
		<-told
		if records, bytes := d.Held(); records != 1 || bytes != size+recordOverhead {
			t.Errorf("then %d records, %d bytes are held", records, bytes)
		}
	})
}

func TestOneRecordBeyondTheLimitIsTakenAlone(t *testing.T) {
	d := newDesk(10, Kind{})
	d.tell(t, strings.Repeat("x", 1000))
	if b := d.next(t); len(b.Records) != 1 {
		t.Errorf("batch %+v", b)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(100, Kind{})
		d.tell(t, strings.Repeat("x", 90))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := d.Record(ctx, record.New(record.At(time.Now()), 0, []byte("more")), []byte("lost"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Record: %v", err)
		}
		for name, wait := range map[string]func(context.Context) error{"Room": d.Room, "Drain": d.Drain} {
			if err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if b := d.next(t); len(b.Records) != 1 || string(b.Position) == "lost" {
			t.Errorf("%d records, position %q", len(b.Records), b.Position)
		}
	})
}

func TestAnUpstreamThatCannotWaitOverruns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(400, Kind{Overruns: true})
		d.Begin(Session{From: record.At(time.Now())}, "x")
		d.tell(t, strings.Repeat("x", 200))
		over := record.New(record.At(time.Now()), 0, []byte(strings.Repeat("y", 200)))
		if err := d.Record(t.Context(), over, []byte("lost")); !errors.Is(err, ErrOverrun) {
			t.Fatalf("Record: %v", err)
		}
		d.End(Overrun, ErrOverrun)
		roomy := make(chan error)
		go func() { roomy <- d.Room(t.Context()) }()
		synctest.Wait()
		b := d.next(t)
		if err := <-roomy; err != nil {
			t.Error(err)
		}
		if len(b.Records) != 1 || string(b.Position) == "lost" {
			t.Errorf("%d records, position %q", len(b.Records), b.Position)
		}
		if last := b.Marks[len(b.Marks)-1]; last.Reason != Overrun {
			t.Errorf("ended with %+v", last)
		}
	})
}

func TestDrainWaitsUntilAllIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(1<<20, Kind{})
		if err := d.Drain(t.Context()); err != nil {
			t.Errorf("of nothing: %v", err)
		}
		d.tell(t, "a")
		d.Flush()
		d.wait(t)
		d.tell(t, "b")
		drained := make(chan error, 1)
		go func() { drained <- d.Drain(t.Context()) }()
		synctest.Wait()
		d.Done()
		b, took := d.wait(t)
		if texts(b) != "b" || took != 0 {
			t.Errorf("took %q after %s", texts(b), took)
		}
		synctest.Wait()
		if len(drained) != 0 {
			t.Error("drained while a batch is being stored")
		}
		d.Done()
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}
