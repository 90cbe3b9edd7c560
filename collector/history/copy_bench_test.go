package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	b.Run("commits", func(b *testing.B) { commitsBeside(b, h, to) })
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
// and how long a writer waits for its lock before: by themselves, beside copies,
// and beside cp of the same file, which takes no lock and so tells what of it is
// the disk's. The three take turns, so that a disk that slows down does so for
// all. A ratio is to the commits by themselves.
func commitsBeside(b *testing.B, h *DB, to string) {
	b.Helper()
	took, waited := map[string][]time.Duration{}, map[string]time.Duration{}
	beside := map[string]func(context.Context) error{
		"alone": nil,
		"copy":  func(ctx context.Context) error { _, err := h.Copy(ctx, to); return err },
		"cp": func(ctx context.Context) error {
			return exec.CommandContext(ctx, "sh", "-c", `cp "$1" "$2" && sync "$2"`, "-", h.db.Path(), to).Run()
		},
	}
	for b.Loop() {
		for range 3 {
			for _, what := range []string{"alone", "copy", "cp"} {
				some, longest := commitsWhile(b, h, beside[what], to)
				took[what], waited[what] = append(took[what], some...), max(waited[what], longest)
			}
		}
	}
	of := func(what string, part float64) float64 {
		slices.Sort(took[what])
		return float64(took[what][int(part*float64(len(took[what])-1))].Microseconds()) / 1000
	}
	for name, part := range map[string]float64{"median": 0.5, "p99": 0.99, "longest": 1} {
		for _, what := range []string{"alone", "copy", "cp"} {
			b.ReportMetric(of(what, part), what+"-"+name+"-ms")
			if what != "alone" {
				b.ReportMetric(of(what, part)/of("alone", part), what+"-"+name+"-ratio")
			}
		}
	}
	for what, longest := range waited {
		b.ReportMetric(float64(longest.Microseconds())/1000, what+"-lock-longest-ms")
	}
	b.ReportMetric(0, "ns/op") // says nothing
}

// commitsWhile commits 60 times while something goes on, again and again, and
// returns how long each took, and how long one waited for its lock at most.
func commitsWhile(b *testing.B, h *DB, other func(context.Context) error, to string) (took []time.Duration, waited time.Duration) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	if other != nil {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := other(ctx); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
				if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
					b.Error(err)
				}
			}
		})
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 60 {
		<-tick.C
		var batch feed.Batch
		for i := range 1000 {
			batch.Records = append(batch.Records, record.New(noon+record.Instant(rand.Int64N(int64(record.Day))), 0, fmt.Append(nil, i)))
		}
		wanted := time.Now()
		if err := h.db.Update(b.Context(), func(*store.Tx) error { waited = max(waited, time.Since(wanted)); return nil }); err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		if _, err := h.Commit(b.Context(), []Batch{{Feed: "busy", Kind: 1, Batch: batch}}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	return took, waited
}
