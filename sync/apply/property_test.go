package apply_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/fixtures/draws"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
)

// TestSpoolKeepsWhatCame writes right and wrong bytes in any order, with
// uploads that end and others that stay open for ever, and holds what the
// spool says to be missing against what was written.
func TestSpoolKeepsWhatCame(t *testing.T) { spoolKeepsWhatCame(t, 30) }

func spoolKeepsWhatCame(t *testing.T, histories int) {
	t.Helper()
	p := newParcel(t, 9, bundle.PieceSize+5)
	defer draws.Percent(histories)()
	rapid.Check(t, func(rt *rapid.T) {
		s := apply.Spool{Dir: filepath.Join(t.TempDir(), "spool")}
		var have []byte // nil: not offered
		var open []*apply.Upload
		defer func() {
			for _, u := range open {
				_ = u.Close()
			}
		}()
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			missing, err := s.Offer(t.Context(), p.Manifest, time.Now())
			if err != nil {
				rt.Fatal(err)
			}
			if have == nil {
				have = make([]byte, p.Size)
			}
			var want []int
			for i := range p.Pieces {
				at, end := i*bundle.PieceSize, min((i+1)*bundle.PieceSize, len(have))
				if !bytes.Equal(have[at:end], p.bytes[at:end]) {
					want = append(want, i)
				}
			}
			if !slices.Equal(missing, want) {
				rt.Fatalf("%d are missing, not %d", missing, want)
			}
			if whole, err := s.Open(p.Name); (err == nil) != (len(want) == 0) {
				rt.Fatalf("open: %v", err)
			} else if err == nil {
				must(t, whole.Close())
			}
			u, err := s.Create(p.whole0().Path())
			if err != nil {
				rt.Fatal(err)
			}
			at := rapid.SampledFrom([]int{0, 1, bundle.PieceSize - 1, bundle.PieceSize, bundle.PieceSize + 4}).Draw(rt, "at")
			end := rapid.SampledFrom([]int{at + 1, max(at+1, bundle.PieceSize), len(have)}).Draw(rt, "end")
			from := p.bytes
			if rapid.IntRange(0, 4).Draw(rt, "wrong") == 0 {
				from = make([]byte, len(have))
			}
			copy(have[at:end], from[at:end])
			if _, err := u.WriteAt(from[at:end], int64(at)); err != nil {
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "stays open") {
				open = append(open, u)
			} else if err := u.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}
