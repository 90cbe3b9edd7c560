package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// BenchmarkImportBeside measures how long commits of 100 records take, 20 a
// second, by themselves and beside an import, and how fast that is then.
func BenchmarkImportBeside(b *testing.B) {
	const lines = 1_500_000
	var data bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&data, "%d|%d.1|sales|NONE|ENTERQUEUE||5550001|1\n", 1_600_000_000+i/5, i)
	}
	path := filepath.Join(b.TempDir(), "queue_log")
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h, err := history.Open(b.Context(), filepath.Join(b.TempDir(), history.File), store.Create)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := h.Start(b.Context(), "old"); err != nil {
			b.Fatal(err)
		}
		var c courtesy
		alone, cancel := context.WithTimeout(b.Context(), 3*time.Second)
		before := commits(alone, b, h, &c)
		cancel()
		beside, cancel := context.WithCancel(b.Context())
		begun := time.Now()
		go func() {
			defer cancel()
			_, err := archive.Import(b.Context(), h, []string{path}, archive.Options{
				Feed: feed.Options{Name: "old", Format: "queue_log", FrameLimit: feed.DefaultFrameLimit}, Room: c.steps(),
			})
			if err != nil {
				b.Error(err)
			}
		}()
		during := commits(beside, b, h, &c)
		b.ReportMetric(lines/time.Since(begun).Seconds(), "imported/s")
		for name, part := range map[string]float64{"median": 0.5, "p99": 0.99} {
			b.ReportMetric(at(before, part), "alone-"+name+"-ms")
			b.ReportMetric(at(during, part), "beside-"+name+"-ms")
		}
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op") // says nothing
}

// commits commits until ctx ends, and returns how long that took each time.
func commits(ctx context.Context, b *testing.B, h *history.DB, c *courtesy) (took []time.Duration) {
	b.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; {
		select {
		case <-ctx.Done():
			return took
		case <-tick.C:
		}
		var batch feed.Batch
		for range 100 {
			batch.Records = append(batch.Records, record.New(record.At(time.Now()), 0, fmt.Appendf(nil, "%p %d", took, i)))
			i++
		}
		begun := time.Now()
		if _, err := h.Commit(b.Context(), []history.Batch{{Feed: "busy", Kind: 1, Batch: batch}}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
		c.collected(collector.Commit{Records: 100})
	}
}

// at returns the time, in ms, that such a part of them did not exceed.
func at(took []time.Duration, part float64) float64 {
	slices.Sort(took)
	return float64(took[int(part*float64(len(took)-1))].Microseconds()) / 1000
}
