package archive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/archive"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/fixtures/draws"
)

// A second is what an upstream said at one instant, some of it twice.
type second struct {
	lines   string
	records []record.Record
}

func drawSeconds(t *rapid.T) (all []second) {
	at := noon
	for range rapid.IntRange(1, 12).Draw(t, "seconds") {
		at = at.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "later")) * time.Second)
		var s second
		var ordinals record.Ordinals
		for range rapid.IntRange(1, 4).Draw(t, "lines") {
			line := fmt.Sprintf("%d|%d.1|sales|NONE|ENTERQUEUE||5550001|1", at.Unix(), rapid.IntRange(1, 2).Draw(t, "call"))
			r := record.New(record.At(at), 0, []byte(line))
			r.N = ordinals.Next(r.At, r.Digest)
			s.lines, s.records = s.lines+line+"\n", append(s.records, r)
		}
		all = append(all, s)
	}
	return all
}

// drawFiles cuts what was said into files, in any order, each packed or not. What
// was said at one instant stands in one file: identical lines are counted in it.
func drawFiles(t *rapid.T, dir string, all []second) (paths []string) {
	for i := 0; i < len(all); {
		n := rapid.IntRange(1, len(all)-i).Draw(t, "file")
		var text strings.Builder
		for _, s := range all[i : i+n] {
			text.WriteString(s.lines)
		}
		i += n
		name, data := fmt.Sprintf("queue_log.%d", len(paths)), []byte(text.String())
		if rapid.Bool().Draw(t, "packed") {
			name, data = name+".gz", packed(t, data)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return rapid.Permutation(paths).Draw(t, "order")
}

// Whatever a twin heard before, and however the files are cut, packed and put in
// order, the history ends the same on both, and to import again changes nothing.
func TestImportsEndTheSame(t *testing.T) {
	defer draws.Percent(30)()
	twins := [2]*history.DB{openHistory(t), openHistory(t)}
	whole := record.Span{From: 0, To: 1 << 60}
	var feeds int
	rapid.Check(t, func(rt *rapid.T) {
		feeds++
		opt := options("queue_log")
		opt.Feed.Name = fmt.Sprintf("old%d", feeds)
		all := drawSeconds(rt)
		var want []record.Key
		for _, s := range all {
			for _, r := range s.records {
				want = append(want, r.Key)
			}
		}
		slices.SortFunc(want, record.Key.Compare)
		for _, h := range twins {
			if _, err := h.Start(t.Context(), opt.Feed.Name); err != nil {
				rt.Fatal(err)
			}
			var heard feed.Batch // each hears something else
			for _, s := range all {
				heard.Records = append(heard.Records, s.records[:rapid.IntRange(0, len(s.records)).Draw(rt, "heard")]...)
			}
			if _, err := h.Commit(t.Context(), []history.Batch{{Feed: opt.Feed.Name, Kind: 2, Batch: heard}}); err != nil {
				rt.Fatal(err)
			}
			for again := range 2 { // the second time cut otherwise
				done, err := archive.Import(t.Context(), h, drawFiles(rt, t.TempDir(), all), opt)
				if err != nil {
					rt.Fatal(err)
				}
				for _, f := range done.Files {
					if f.Rejected > 0 || again > 0 && f.Added > 0 {
						rt.Fatalf("time %d: %+v", again, f)
					}
				}
			}
			got, err := h.Keys(t.Context(), opt.Feed.Name, whole, 1<<30)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				rt.Fatalf("%v; keys (-want +got):\n%s", err, diff)
			}
		}
		a, err := twins[0].Tallies(t.Context(), opt.Feed.Name, whole, 5*time.Minute)
		if err != nil {
			rt.Fatal(err)
		}
		b, err := twins[1].Tallies(t.Context(), opt.Feed.Name, whole, 5*time.Minute)
		if err != nil || !slices.Equal(a, b) {
			rt.Fatalf("%v; digests %v on one, %v on the other", err, a, b)
		}
	})
}
