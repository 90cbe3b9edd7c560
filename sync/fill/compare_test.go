package fill

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// More records in one instant than one answer tells keys of.
func TestCompareCountsACrowd(t *testing.T) {
	a, b := open(t), open(t)
	s := record.Span{From: noon, To: noon + record.Minute}
	var crowd []record.Record
	for i := range keysPerCall + 5000 {
		crowd = append(crowd, record.New(noon+second, 0, fmt.Appendf(nil, "one of many %d", i)))
	}
	others := said(s, second*7)
	hear(t, a, "pbx", s, append(crowd[3:], others...))
	hear(t, b, "pbx", s, append(crowd[:len(crowd)-2], others[1:]...))
	f := mustCompare(t, a, Remote{newWire(b)}, CompareOptions{}).Feeds[0]
	if f.OnlyHere != 3 || f.OnlyThere != 3 {
		t.Errorf("%+v", f)
	}
}

// The live edge is no difference: neither what is not proven yet, nor what one
// twin proved further than the other.
func TestCompareLeavesTheLiveEdge(t *testing.T) {
	a, b := open(t), open(t)
	s := record.Span{From: noon, To: noon + 10*record.Minute}
	all := said(record.Span{From: s.From, To: s.To + record.Minute}, second)
	hear(t, a, "pbx", s, all[:640])
	hear(t, b, "pbx", record.Span{From: s.From, To: s.From + 9*record.Minute}, all[:541])
	c := mustCompare(t, a, Remote{newWire(b)}, CompareOptions{})
	f := c.Feeds[0]
	if !c.Equal || f.Until != s.From+9*record.Minute || f.Until-f.To >= widths[finest] || f.Here == 0 {
		t.Errorf("%+v", f)
	}
	c = mustCompare(t, a, Remote{newWire(b)}, CompareOptions{Closed: true})
	if f := c.Feeds[0]; !c.Equal || f.To != record.Bucket(f.Until) {
		t.Errorf("closed buckets: %+v", f)
	}
	// A feed that was never heard, on one side or on both.
	start(t, a, "fax")
	start(t, b, "fax")
	commit(t, a, "fax", feed.Batch{Records: all[:5]})
	if c := mustCompare(t, a, Remote{newWire(b)}, CompareOptions{Feeds: []string{"fax"}}); !c.Equal || c.Feeds[0].Here != 0 {
		t.Errorf("%+v", c)
	}
}

// A comparison costs bytes by what differs, not by what there is.
func TestCompareIsFrugal(t *testing.T) {
	a, b := open(t), open(t)
	month := record.Span{From: floor(noon, day), To: floor(noon, day) + 30*day}
	all := said(month, 30*second)
	missing := append(append([]record.Record{}, all[:50_000]...), all[50_001:]...)
	hear(t, a, "pbx", month, missing)
	hear(t, b, "pbx", month, all)
	w := newWire(b)
	f := mustCompare(t, a, Remote{w}, CompareOptions{}).Feeds[0]
	if f.OnlyThere != 1 || f.OnlyHere != 0 {
		t.Errorf("%+v", f)
	}
	t.Logf("one difference in %d records: %d bytes in %d calls", len(all), w.bytes.Load(), w.calls)
	if n := w.bytes.Load(); n > 20_000 || w.calls > 10 {
		t.Errorf("%d bytes in %d calls", n, w.calls)
	}
	mustFill(t, a, b, Options{})
	w = newWire(b)
	if c := mustCompare(t, a, Remote{w}, CompareOptions{Closed: true}); !c.Equal {
		t.Errorf("%+v", c)
	}
	t.Logf("no difference: %d bytes in %d calls", w.bytes.Load(), w.calls)
	if n := w.bytes.Load(); n >= 1000 {
		t.Errorf("equal twins cost %d bytes", n)
	}
}

func TestCompareSince(t *testing.T) {
	a, b := open(t), open(t)
	all := said(hour, second)
	hear(t, a, "pbx", hour, all[1:])
	hear(t, b, "pbx", hour, all)
	c := mustCompare(t, a, b, CompareOptions{Since: hour.From + 20*record.Minute})
	if f := c.Feeds[0]; !c.Equal || f.From != record.Bucket(hour.From+20*record.Minute) {
		t.Errorf("%+v", f)
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			one, two := open(b), open(b)
			s := record.Span{From: floor(noon, day), To: floor(noon, day) + record.Instant(n)*second/100}
			for from := s.From; from < s.To; from += record.Minute {
				part := record.Span{From: from, To: min(from+record.Minute, s.To)}
				all := said(part, second/100)
				commit(b, two, "pbx", feed.Batch{Records: all})
				if from == s.From {
					all = all[1:]
				}
				commit(b, one, "pbx", feed.Batch{Records: all})
			}
			hear(b, one, "pbx", s, nil)
			hear(b, two, "pbx", s, nil)
			b.ResetTimer()
			for b.Loop() {
				w := newWire(two)
				f := mustCompare(b, one, Remote{w}, CompareOptions{}).Feeds[0]
				if f.OnlyThere != 1 || f.There != int64(n) {
					b.Fatalf("%+v", f)
				}
				b.ReportMetric(float64(w.bytes.Load()), "wire-B")
			}
		})
	}
}

func BenchmarkFill(b *testing.B) {
	const n = 300_000
	full := open(b)
	s := record.Span{From: noon, To: noon + n*second/100}
	for from := s.From; from < s.To; from += record.Minute {
		part := record.Span{From: from, To: min(from+record.Minute, s.To)}
		all := said(part, second/100)
		for i, r := range all {
			all[i] = record.New(r.At, 0, append(r.Raw, make([]byte, 250)...))
		}
		commit(b, full, "pbx", feed.Batch{Records: all})
	}
	hear(b, full, "pbx", s, nil)
	for b.Loop() {
		fresh := open(b)
		start(b, fresh, "pbx")
		done := mustFill(b, fresh, Remote{newWire(full)}, Options{All: true})
		if done.Feeds[0].Added != n {
			b.Fatalf("%+v", done)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
