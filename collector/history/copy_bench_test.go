package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/collector/store"
)

// copiedBytes is how large the history is that these benchmarks copy.
const copiedBytes = 1 << 30

// large makes a history of that size.
func large(b *testing.B) (*DB, int64) {
	b.Helper()
	path := filepath.Join(b.TempDir(), File)
	h, err := Open(b.Context(), path, store.Create)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := h.Close(); err != nil {
			b.Error(err)
		}
	})
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte('a' + rand.IntN(16))
	}
	for i, size := 0, int64(0); size < copiedBytes; {
		var batch feed.Batch
		for range 20_000 {
			at := rand.IntN(len(noise) - 500)
			batch.Records = append(batch.Records, record.New(noon+record.Instant(i), 0, fmt.Appendf(noise[at:at+500:at+500], "%d", i)))
			i++
		}
		if _, err := h.Commit(b.Context(), []Batch{{Feed: "pbx", Kind: 1, Batch: batch}}); err != nil {
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
	return h, info.Size()
}

// BenchmarkCopy copies a history of 1 GiB: by itself, with somebody who commits
// meanwhile, and beside the yardsticks sqlite3 .backup and cp,
// which are flushed as a copy is.
func BenchmarkCopy(b *testing.B) {
	h, size := large(b)
	to := filepath.Join(b.TempDir(), "copy")
	rate := func(b *testing.B, copy func() error) {
		b.Helper()
		b.SetBytes(size)
		for b.Loop() {
			if err := copy(); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := os.Remove(to); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	b.Run("alone", func(b *testing.B) {
		rate(b, func() error { _, err := h.Copy(context.Background(), to); return err })
	})
	b.Run("inspected", func(b *testing.B) {
		rate(b, func() error {
			_, err := h.Copy(context.Background(), to)
			if err == nil {
				_, err = store.Inspect(context.Background(), to)
			}
			return err
		})
	})
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("commits/copying=%v", busy), func(b *testing.B) { commitsBeside(b, h, busy, to) })
	}
	for name, line := range map[string][]string{
		"sqlite3": {"sh", "-c", `sqlite3 "$1" ".backup $2" && sync "$2"`, "-", h.db.Path(), to},
		"cp":      {"sh", "-c", `cp "$1" "$2" && sync "$2"`, "-", h.db.Path(), to},
	} {
		b.Run("yardstick="+name, func(b *testing.B) {
			if _, err := exec.LookPath(name); err != nil {
				b.Skip(err)
			}
			rate(b, func() error { return exec.Command(line[0], line[1:]...).Run() })
		})
	}
}

// commitsBeside measures how long commits of 1,000 records take, 20 a second,
// for five seconds, while copies are made or not.
func commitsBeside(b *testing.B, h *DB, copying bool, to string) {
	b.Helper()
	var longest, all time.Duration
	n := 0
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		var beside sync.WaitGroup
		if copying {
			beside.Go(func() {
				for ctx.Err() == nil {
					_, err := h.Copy(ctx, to)
					if err == nil {
						err = os.Remove(to)
					}
					if err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				}
			})
		}
		tick := time.NewTicker(50 * time.Millisecond)
		for range 100 {
			<-tick.C
			var batch feed.Batch
			for i := range 1000 {
				batch.Records = append(batch.Records, record.New(noon+record.Instant(rand.Int64N(int64(record.Day))), 0, fmt.Append(nil, i)))
			}
			begun := time.Now()
			if _, err := h.Commit(b.Context(), []Batch{{Feed: "busy", Kind: 1, Batch: batch}}); err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun)
			longest, all, n = max(longest, took), all+took, n+1
		}
		tick.Stop()
		cancel()
		beside.Wait()
	}
	b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
	b.ReportMetric(float64(all.Microseconds())/1000/float64(n), "mean-ms")
}
