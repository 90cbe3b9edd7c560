package acd

import (
	"bytes"
	"testing"
)

// BenchmarkDecode tells what an event costs beside the least that could be
// done with its bytes: looking at each of them once ("scan").
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ name, recording, format string }{
		{"ami", "pbx-a.ami.gz", "ami"},
		{"ami-all-classes", "pbx-all-classes.ami.gz", "ami"},
		{"queue_log", "queue_log.gz", "queue_log"},
		{"cdr_csv", "cdr.csv.gz", "cdr_csv"},
	} {
		records := said(b, c.recording)
		var size int64
		for _, raw := range records {
			size += int64(len(raw))
		}
		decode := decoder(b, c.format)
		measure := func(name string, each func(raw []byte)) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					for _, raw := range records {
						each(raw)
					}
				}
				b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
			})
		}
		var events []Event
		measure("decode", func(raw []byte) { events = decode(events[:0], raw, at) })
		lines := 0
		measure("scan", func(raw []byte) { lines += bytes.Count(raw, []byte{'\n'}) })
	}
}
