package count

import (
	"context"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
)

const (
	benchCalls = 30_000               // and so far apart as 200,000 in a day
	benchApart = record.Day / 200_000 // which takes 3.6 hours
	benchBatch = 1000                 // records that are stored in one transaction
)

// made returns the records of hours of calls.
func made() (all []record.Record) {
	newPBX().day(benchCalls, benchApart, func(*call) {}, func(batch []record.Record) { all = append(all, batch...) })
	return all
}

// A cost is what something took: by the clock, and of the processors, which says
// more on a machine that has others to serve.
type cost struct{ clock, processor time.Duration }

// of adds what a run takes.
func (c *cost) of(b *testing.B, run func()) {
	b.Helper()
	begun, before := time.Now(), used(b)
	run()
	c.clock += time.Since(begun)
	c.processor += used(b) - before
}

// used returns how much of the processors this process has had.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report tells the cost of each of n records.
func (c *cost) report(b *testing.B, n int, what string) {
	b.Helper()
	b.ReportMetric(float64(n)/c.clock.Seconds(), what+"/s")
	b.ReportMetric(float64(c.processor.Nanoseconds())/float64(n), "cpu-ns/"+what)
}

// BenchmarkCount stores hours of calls and counts them; its yardsticks are the
// storing, and the fold alone, in memory.
func BenchmarkCount(b *testing.B) {
	all := made()
	var stored, counted, folded cost
	for b.Loop() {
		r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
		stored.of(b, func() {
			for batch := range slices.Chunk(all, benchBatch) {
				r.commit(b, batch)
			}
		})
		counted.of(b, func() { r.catchUp(b, r.counting()) })
		folded.of(b, func() { foldAll(all) })
	}
	stored.report(b, b.N*len(all), "stored")
	counted.report(b, b.N*len(all), "counted")
	folded.report(b, b.N*len(all), "folded")
	b.ReportMetric(100*float64(counted.processor)/float64(stored.processor), "%-of-storing")
	b.ReportMetric(100*float64(folded.processor)/float64(stored.processor), "%-of-storing-folded")
}

// BenchmarkCountBeside stores hours of calls as fast as that goes while they are
// counted, and until they are; its yardstick is the storing with nobody who counts.
func BenchmarkCountBeside(b *testing.B) {
	all := made()
	var alone, beside, whole cost
	for b.Loop() {
		store := func(r *rig) func() {
			return func() {
				for batch := range slices.Chunk(all, benchBatch) {
					r.commit(b, batch)
				}
			}
		}
		alone.of(b, store(&rig{h: openHistory(b), name: "pbx", format: "ami"}))
		r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
		whole.of(b, func() {
			stop := r.countBeside(b)
			beside.of(b, store(r))
			r.awaitCounted(b, all[len(all)-1].At)
			stop()
		})
	}
	alone.report(b, b.N*len(all), "stored-alone")
	beside.report(b, b.N*len(all), "stored-beside")
	b.ReportMetric(100*(float64(beside.clock)/float64(alone.clock)-1), "%-on-top-by-the-clock")
	b.ReportMetric(100*(float64(whole.processor)/float64(alone.processor)-1), "%-on-top-of-processors")
}

// countBeside counts the feed until what it returns is called.
func (r *rig) countBeside(b *testing.B) (stop func()) {
	b.Helper()
	c := New(r.h, Options{Log: slog.New(slog.DiscardHandler)})
	c.SetFeeds([]Feed{{r.name, r.format}})
	ctx, cancel := context.WithCancel(b.Context())
	over := make(chan error, 1)
	go func() { over <- c.Run(ctx) }()
	return func() {
		cancel()
		if err := <-over; err != nil {
			b.Error(err)
		}
	}
}

// awaitCounted waits until the record of that time is counted.
func (r *rig) awaitCounted(b *testing.B, at record.Instant) {
	b.Helper()
	deadline := time.After(time.Minute)
	for {
		state, err := r.h.CountedState(b.Context(), r.name)
		if err != nil {
			b.Fatal(err)
		}
		if state.Through > at {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			b.Fatalf("counted up to %s a minute after %s was stored", state.Through, at)
		}
	}
}

func foldAll(all []record.Record) acd.Counted {
	decode, _ := acd.NewDecoder("ami")
	fold := acd.NewFold("ami")
	var events []acd.Event
	for i := range all {
		events = decode(events[:0], all[i].Raw, all[i].At)
		for _, e := range events {
			fold.Add(e)
		}
	}
	return fold.Take()
}

// BenchmarkRebuild counts hours of calls anew.
func BenchmarkRebuild(b *testing.B) {
	r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
	all := made()
	r.commit(b, all)
	f := r.counting()
	r.catchUp(b, f)
	var rebuilt cost
	for b.Loop() {
		w := &work{span: record.Span{To: 1 << 62}, report: func(Progress) {}, done: make(chan struct{})}
		rebuilt.of(b, func() { f.do(b.Context(), w) })
		if w.err != nil {
			b.Fatal(w.err)
		}
	}
	rebuilt.report(b, b.N*len(all), "rebuilt")
}
