package count

import (
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/record"
)

const (
	benchCalls = 30_000
	benchBatch = 1000 // records that are stored in one transaction
)

// made returns the records of a day of calls.
func made(calls int) (all []record.Record) {
	newPBX().day(calls, func(*call) {}, func(batch []record.Record) { all = append(all, batch...) })
	return all
}

// BenchmarkCount stores a day of calls and counts it; its yardstick is the
// storing.
func BenchmarkCount(b *testing.B) {
	all := made(benchCalls)
	var stored, counted time.Duration
	for b.Loop() {
		r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
		begun := time.Now()
		for batch := range slices.Chunk(all, benchBatch) {
			r.commit(b, batch)
		}
		stored += time.Since(begun)
		begun = time.Now()
		r.catchUp(b, r.counting())
		counted += time.Since(begun)
	}
	n := float64(b.N) * float64(len(all))
	b.ReportMetric(n/stored.Seconds(), "stored/s")
	b.ReportMetric(n/counted.Seconds(), "counted/s")
	b.ReportMetric(100*counted.Seconds()/stored.Seconds(), "%-on-top")
}

// BenchmarkCountBeside stores a day of calls, and counts it a second of that
// time after the other, as while it is collected.
func BenchmarkCountBeside(b *testing.B) {
	all := made(benchCalls)
	var stored, counted time.Duration
	for b.Loop() {
		r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
		f := r.counting()
		for batch := range slices.Chunk(all, benchBatch) {
			begun := time.Now()
			r.commit(b, batch)
			stored += time.Since(begun)
			begun = time.Now()
			r.catchUp(b, f)
			counted += time.Since(begun)
		}
	}
	n := float64(b.N) * float64(len(all))
	b.ReportMetric(n/stored.Seconds(), "stored/s")
	b.ReportMetric(n/counted.Seconds(), "counted/s")
	b.ReportMetric(100*counted.Seconds()/stored.Seconds(), "%-on-top")
}

// BenchmarkRebuild counts a day of calls anew.
func BenchmarkRebuild(b *testing.B) {
	r := &rig{h: openHistory(b), name: "pbx", format: "ami"}
	all := made(benchCalls)
	r.commit(b, all)
	f := r.counting()
	r.catchUp(b, f)
	for b.Loop() {
		w := &work{span: record.Span{To: 1 << 62}, report: func(Progress) {}, done: make(chan struct{})}
		if f.do(b.Context(), w); w.err != nil {
			b.Fatal(w.err)
		}
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)*float64(len(all))/seconds, "records/s")
	b.ReportMetric(float64(b.N)*96/seconds, "intervals/s")
}
