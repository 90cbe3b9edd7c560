package acd

import (
	"testing"

	"github.com/twinctl/twin/collector/record"
)

// BenchmarkLive is what it costs to follow an upstream.
func BenchmarkLive(b *testing.B) {
	var events []Event
	all := said(b, "pbx-a.ami.gz")
	for i, raw := range all {
		events = decodeAMI(events, raw, at+1000*record.Instant(i))
	}
	for b.Loop() {
		l := NewLive()
		for _, e := range events {
			l.Add(e)
		}
	}
	b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "records/s")
}
