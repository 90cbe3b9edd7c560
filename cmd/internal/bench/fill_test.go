package bench

import (
	"testing"
	"time"

	"github.com/twinctl/twin/sync/fill"
)

const (
	filledRate  = 100 // records a second that the upstream said
	aroundShare = 10  // before and behind the gap lies one of so many
)

// BenchmarkFill copies what one server did not hear while it was down. The
// yardsticks are raw inserts of as many rows, and rsync of the database file.
func BenchmarkFill(b *testing.B) {
	sizes(b, func(b *testing.B, records int) {
		lasting := time.Duration(records) * time.Second / filledRate
		gap := ending(now().Add(-lasting/aroundShare), lasting, records, lineBytes)
		before := ending(gap.From, lasting/aroundShare, records/aroundShare, lineBytes)
		behind := ending(now(), lasting/aroundShare, records/aroundShare, lineBytes)
		fillOnce(b, []stretch{before, gap, behind}, []stretch{before, behind}, fill.Options{})
	}, 100_000, 1_000_000)
}

// BenchmarkFillAll rebuilds a server that has nothing.
func BenchmarkFillAll(b *testing.B) {
	sizes(b, func(b *testing.B, records int) {
		all := ending(now(), time.Duration(records)*time.Second/filledRate, records, lineBytes)
		fillOnce(b, []stretch{all}, nil, fill.Options{All: true})
	}, 100_000, 1_000_000)
}

// fillOnce fills what is known into what is there.
func fillOnce(b *testing.B, there, known []stretch, opt fill.Options) {
	full, part := madeHistory(b, there...), madeHistory(b, known...)
	missing := -count(known)
	missing += count(there)
	for b.Loop() {
		b.StopTimer()
		here, from := openHistory(b, copied(b, part)), openHistory(b, full)
		c := serve(b, from)
		was, begun := wireBytes(c), time.Now()
		b.StartTimer()
		done, err := fill.Fill(b.Context(), fill.Local{DB: here}, fill.Remote{Caller: c}, opt)
		b.StopTimer()
		took, wire := time.Since(begun), wireBytes(c)-was
		if err != nil || done.Feeds[0].Added != int64(missing) || !opt.All && done.Feeds[0].StillOpen != 0 {
			b.Fatalf("%+v, %v", done, err)
		}
		rate := float64(missing) / took.Seconds()
		b.ReportMetric(rate, "records/s")
		b.ReportMetric(float64(wire)/float64(missing*lineBytes), "wire/raw")

		was, begun = wireBytes(c), time.Now()
		done, err = fill.Fill(b.Context(), fill.Local{DB: here}, fill.Remote{Caller: c}, opt)
		if err != nil || done.Feeds[0].Added != 0 {
			b.Fatalf("the second time %+v, %v", done, err)
		}
		b.ReportMetric(time.Since(begun).Seconds()*1e3, "ms-again")
		b.ReportMetric(float64(wireBytes(c)-was), "wire-B-again")
		shut(b, c, here, from)
		b.ReportMetric(rate/driverRate(b), "x-driver")
		if r := rsync(b, full, part); r.took > 0 {
			b.ReportMetric(r.took.Seconds()/took.Seconds(), "x-rsync-time")
			b.ReportMetric(float64(r.wire)/float64(wire), "x-rsync-wire")
		}
		b.StartTimer()
	}
}

func count(all []stretch) (n int) {
	for _, s := range all {
		n += s.records
	}
	return n
}
