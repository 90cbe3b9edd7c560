package backup

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// backedUp is how large the history is that this benchmark backs up.
const backedUp = 1 << 30

// BenchmarkBackup makes a full backup of a history of 1 GiB, read back, then an
// incremental one of 10,000 records on it, and verifies, restores and drills.
// Rates are of the history's own bytes.
func BenchmarkBackup(b *testing.B) {
	for b.Loop() {
		r, size := largeRig(b)
		report := func(name string, do func() error) {
			begun := b.Elapsed()
			if err := do(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(size)/(1<<20)/(b.Elapsed()-begun).Seconds(), name+"-MiB/s")
		}
		report("full", func() error { r.make(b, Full); return nil })
		r.hear(b, 10_000)
		begun := b.Elapsed()
		inc := r.make(b, Incremental)
		b.ReportMetric((b.Elapsed() - begun).Seconds(), "incremental-s")
		sets, err := r.Sets(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		report("verify", func() error { return r.Verify(b.Context(), sets[0].Title()) })
		b.ReportMetric(float64(size)/float64(sets[0].Bytes()), "size/packed")
		p, err := r.Plan(b.Context(), Wish{ID: inc.Title(), To: filepath.Join(b.TempDir(), "restored")})
		if err != nil {
			b.Fatal(err)
		}
		report("restore", func() error { return r.Build(b.Context(), p) })
		if err := os.RemoveAll(p.To); err != nil {
			b.Fatal(err)
		}
		report("drill", func() error { _, err := r.Drill(b.Context(), p, beside); return err })
	}
}

func largeRig(b *testing.B) (*rig, int64) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	r := newRig(b, "cms-a")
	words := make([]byte, 1<<20)
	for i := range words {
		words[i] = byte('a' + rand.IntN(16))
	}
	path := filepath.Join(r.data, history.File)
	for i, size := 0, int64(0); size < backedUp; {
		var batch feed.Batch
		for range 20_000 {
			at := rand.IntN(len(words) - 500)
			batch.Records = append(batch.Records, record.New(noon-record.Day+record.Instant(i), 0, fmt.Appendf(words[at:at+500:at+500], "%d", i)))
			i++
		}
		if _, err := r.src.History.Commit(context.Background(), []history.Batch{{Feed: "pbx", Kind: 1, Batch: batch}}); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		size = info.Size()
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return r, info.Size()
}
