package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinctl/twin/fixtures/await"
)

// A writer that rotates while it is read, faster than anybody would, and a
// follower that crashes meanwhile: nothing is lost, nothing comes twice.
func TestFollowWhileWritten(t *testing.T) {
	const files, each = 40, 50
	s := newSite(t)
	s.write(line(0, "first"))
	s.collect()
	want := []string{"0 first#0"}
	for n := range files {
		for i := range each {
			want = append(want, fmt.Sprintf("%d f%d#%d", n+1, n, i))
		}
	}
	done := make(chan error, 1)
	go func() { done <- writeAndRotate(s.path, files, each) }()
	deadline := time.Now().Add(await.Most)
	for turn := 0; len(s.stored) < len(want) && time.Now().Before(deadline); turn++ {
		s.poll()
		if turn%3 != 0 {
			s.store()
		}
		if turn%5 == 0 {
			s.restart()
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// Files that were changed last within one tick of the file system's clock
	// may be read in any order; that does not matter to what they hold.
	byName := cmpopts.SortSlices(strings.Compare)
	if diff := cmp.Diff(want, s.said(), byName); diff != "" || s.twice > 0 || len(s.rejected) > 0 {
		t.Errorf("%d came twice, rejected %q, %d records, records (-want +got):\n%.2000s", s.twice, s.rejected, len(s.stored), diff)
	}
}

// writeAndRotate writes lines in two pieces each and renames the file after so
// many of them. It does not shift names: its numbers rise.
func writeAndRotate(path string, files, each int) error {
	for n := range files {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		for range each {
			l := line(int64(n+1), fmt.Sprintf("f%d", n))
			for _, piece := range []string{l[:7], l[7:]} {
				if _, err := f.WriteString(piece); err != nil {
					return err
				}
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
		if err := os.Rename(path, fmt.Sprintf("%s.%d", path, 1000+n)); err != nil {
			return err
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return f.Close()
}
