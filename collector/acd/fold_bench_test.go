package acd_test

import (
	"testing"

	"github.com/twinctl/twin/collector/acd"
)

// What counting costs beyond understanding, per event of a recording.
func BenchmarkFold(b *testing.B) {
	for _, run := range runs {
		events := understood(b, keyed(b, run.file, run.format), run.format)
		b.Run(run.file, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f := acd.NewFold(run.format)
				for _, e := range events {
					f.Add(e)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
		})
	}
}
