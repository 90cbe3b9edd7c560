package history

import (
	"fmt"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// BenchmarkQueueIntervals reads a month of 50 queues.
func BenchmarkQueueIntervals(b *testing.B) {
	const queues, intervals = 50, 30 * 96
	h, err := Open(b.Context(), b.TempDir()+"/"+File, store.Create)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	start(b, h, "pbx")
	if err := h.CountBy(b.Context(), "pbx", "ami", 1); err != nil {
		b.Fatal(err)
	}
	for day := range record.Instant(30) {
		s := Stretch{Span: record.Span{From: noon + day*record.Day, To: noon + (day+1)*record.Day}}
		for at := s.Span.From; at < s.Span.To; at += quarter {
			var rows []acd.QueueRow
			for q := range queues {
				rows = append(rows, acd.QueueRow{Start: at, Queue: fmt.Sprintf("queue %d", q), Counts: acd.QueueCounts{
					Offered: 21, Answered: 18, Abandoned: 3, Completed: 18, AnsweredWait: 99_000_000, AnsweredWaitMax: 40_000_000, Talk: 999_000_000,
					AnsweredWaits: acd.Waits{4, 3, 2, 4, 2, 1, 1, 1}, AbandonedWaits: acd.Waits{1, 0, 0, 1, 1},
				}})
			}
			s.Told = append(s.Told, toldAt(at, rows...))
		}
		count(b, h, s)
	}
	for b.Loop() {
		n := 0
		for _, err := range h.QueueIntervals(b.Context(), Intervals{"pbx", always}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != queues*intervals {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.N)*queues*intervals/b.Elapsed().Seconds(), "rows/s")
}
