package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
)

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// swapping does something to a file before it is opened.
type swapping struct {
	feed.Storage
	swap func(file string)
}

func (s swapping) Open(ctx context.Context, file string) (feed.File, error) {
	s.swap(file)
	return s.Storage.Open(ctx, file)
}

// Two twins over one directory, each looking and crashing when it likes, store
// the same keys: what was written, once.
func TestTwins(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newSite(t, nil)
		b := newSite(t, func(o *options, _ string) { o.Dir = a.dir })
		half, second, written := "", int64(0), 0
		name := func() string { return fmt.Sprintf("f%d", rapid.IntRange(0, 3).Draw(rt, "file")) }
		last := ""
		finish := func() {
			if half != "" {
				a.write(last, half)
			}
			half = ""
		}
		text := func(label string) string {
			var all strings.Builder
			for range rapid.IntRange(1, 4).Draw(rt, label) {
				second += rapid.SampledFrom([]int64{0, 0, 1, -1}).Draw(rt, "seconds")
				all.WriteString(line(second, fmt.Sprintf("%s %d", last, rapid.IntRange(0, 1).Draw(rt, "text"))))
				written++
			}
			return all.String()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) { finish(); last = name(); a.write(last, text("lines")) },
			"half": func(rt *rapid.T) {
				finish()
				last = name()
				l := text("before half")
				cut := rapid.IntRange(1, len(l)-1).Draw(rt, "cut")
				half = l[cut:]
				a.write(last, l[:cut])
				path := filepath.Join(a.dir, last)
				a.must(os.Chtimes(path, time.Now(), time.Now())) // what has no end yet may get one
			},
			"replace": func(*rapid.T) {
				finish()
				last = name()
				a.write("_new", text("of another"))
				a.sweep()
				b.sweep() // who comes late misses what was there
				a.must(os.Rename(filepath.Join(a.dir, "_new"), filepath.Join(a.dir, last)))
			},
			"a looks":   func(*rapid.T) { a.sweep() },
			"b looks":   func(*rapid.T) { b.sweep() },
			"a crashes": func(*rapid.T) { a.restart() },
			"b crashes": func(*rapid.T) { b.restart() },
		})
		finish()
		a.sweep()
		b.sweep()
		if diff := cmp.Diff(a.keys, b.keys); diff != "" {
			rt.Fatalf("keys (-a +b):\n%s", diff)
		}
		if len(a.keys) > written || written > 0 && len(a.keys) == 0 {
			rt.Fatalf("%d keys of %d lines", len(a.keys), written)
		}
		if len(a.rejected)+len(b.rejected) > 0 {
			rt.Fatalf("rejected: %q, %q", a.rejected, b.rejected)
		}
		a.must(os.RemoveAll(a.dir))
	})
}
