package backup

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// backedUp is how large the history is that this benchmark backs up.
const backedUp = 1 << 30

// BenchmarkBackup makes a full backup of a history of 1 GiB, which is packed and
// read back, then an incremental one of 10,000 records on it, and verifies,
// restores and drills. Rates are of the history's own bytes. Beside it the same
// file is copied by cp and by sqlite3, flushed to disk: neither packs nor reads
// back what it made. "x-cp" and "x-sqlite3" say how many times as long the full
// backup takes.
func BenchmarkBackup(b *testing.B) {
	for b.Loop() {
		r, size := largeRig(b)
		var last time.Duration
		report := func(name string, do func() error) {
			begun := b.Elapsed()
			if err := do(); err != nil {
				b.Fatal(err)
			}
			last = b.Elapsed() - begun
			b.ReportMetric(float64(size)/(1<<20)/last.Seconds(), name+"-MiB/s")
		}
		report("full", func() error { r.make(b, Full); return nil })
		full := last
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
		b.StopTimer()
		from, to := filepath.Join(r.data, history.File), filepath.Join(b.TempDir(), "copy")
		for _, line := range [][]string{{"cp", from, to}, {"sqlite3", from, ".backup " + to}} {
			if took := copiedBy(b, to, line[0], line[1:]...); took > 0 {
				b.ReportMetric(full.Seconds()/took.Seconds(), "full-x-"+line[0])
			}
		}
		b.StartTimer()
	}
}

// copiedBy returns how long a program took to write a file and to have it on
// disk; 0 if it is not installed.
func copiedBy(b *testing.B, to, program string, args ...string) time.Duration {
	b.Helper()
	if _, err := exec.LookPath(program); err != nil {
		b.Logf("no %s here: what needs it is left out", program)
		return 0
	}
	begun := time.Now()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s", program, err, out)
	}
	if out, err := exec.Command("sync", to).CombinedOutput(); err != nil {
		b.Fatalf("sync: %v: %s", err, out)
	}
	took := time.Since(begun)
	if err := os.Remove(to); err != nil {
		b.Fatal(err)
	}
	return took
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
