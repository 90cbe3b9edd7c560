package bench

import (
	"os"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/sync/fill"
)

// smallVariable leaves out what needs 10 million records, and two minutes.
const smallVariable = "BENCH_SMALL"

func small() bool { return os.Getenv(smallVariable) != "" }

const (
	comparedDays  = 30
	comparedBytes = 40 // of each record: comparing never looks at them
)

// BenchmarkCompare finds one record that one side lacks: over a standing link,
// to the last key. The yardstick is rsync, which looks for what differs in the
// same two files.
func BenchmarkCompare(b *testing.B) {
	sizes(b, compareOne, 100_000, 1_000_000, 10_000_000)
}

func compareOne(b *testing.B, records int) {
	all := ending(now(), comparedDays*24*time.Hour, records, comparedBytes)
	mine := madeHistory(b, all)
	theirs := copied(b, mine)
	here, there := openHistory(b, mine), openHistory(b, theirs)
	one := all
	one.From, one.records = all.From+(all.To-all.From)/2+1, 1
	if out, err := there.Merge(b.Context(), madeFeed, one.rows()); err != nil || out.Added != 1 {
		b.Fatal(out, err)
	}

	c := serve(b, there)
	for b.Loop() {
		before, begun := wireBytes(c), time.Now()
		found, err := fill.Compare(b.Context(), fill.Local{DB: here}, fill.Remote{Caller: c}, fill.CompareOptions{})
		took := time.Since(begun)
		if err != nil || found.Feeds[0].OnlyThere != 1 || found.Feeds[0].OnlyHere != 0 || found.Feeds[0].Here != int64(records) {
			b.Fatalf("%+v, %v", found, err)
		}
		b.ReportMetric(took.Seconds()*1e3, "ms")
		b.ReportMetric(float64(wireBytes(c)-before), "wire-B")
		b.StopTimer()
		if r := rsync(b, theirs, mine); r.took > 0 {
			b.ReportMetric(r.took.Seconds()/took.Seconds(), "x-rsync-time")
			b.ReportMetric(float64(r.wire)/float64(wireBytes(c)-before), "x-rsync-wire")
		}
		b.StartTimer()
	}
}

// rows returns the stretch as one twin gives it to the other.
func (s stretch) rows() []history.Row {
	pad := make([]byte, s.bytes)
	var all []history.Row
	for i := range s.records {
		all = append(all, history.Row{Record: s.record(i, pad), Kind: madeKind})
	}
	return all
}

// BenchmarkCompareEqual is what twind does every five minutes: the buckets of
// the last day, which are the same.
func BenchmarkCompareEqual(b *testing.B) {
	here, there := openHistory(b, b.TempDir()), openHistory(b, b.TempDir())
	all := ending(now(), 24*time.Hour, 100_000, comparedBytes)
	hear(b, here, all)
	hear(b, there, all)
	link := serve(b, there)
	for b.Loop() {
		p := &payload{Client: link}
		before, begun := wireBytes(link), time.Now()
		found, err := fill.Compare(b.Context(), fill.Local{DB: here}, fill.Remote{Caller: p}, fill.CompareOptions{Closed: true})
		if err != nil || !found.Equal || found.Feeds[0].Here != int64(all.records) {
			b.Fatalf("%+v, %v", found, err)
		}
		b.ReportMetric(time.Since(begun).Seconds()*1e3, "ms")
		b.ReportMetric(float64(p.calls), "calls")
		b.ReportMetric(float64(p.bytes), "payload-B")
		b.ReportMetric(float64(wireBytes(link)-before), "wire-B")
	}
}
