//go:build real

package apply_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
)

// TestRealFull receives on a disk that is full, and on one that becomes so.
func TestRealFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=5m", "none", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { must(t, exec.Command("umount", "--lazy", disk).Run()) })
	s := apply.Spool{Dir: filepath.Join(disk, "spool")}
	before, err := store.Free(disk)
	must(t, err)
	large := newParcel(t, 1, 8<<20)
	if _, err := s.Offer(t.Context(), large.Manifest, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("offered: %v", err)
	}
	first, second := newParcel(t, 2, 3<<20), newParcel(t, 3, 3<<20)
	must(t, first.send(s, offer(t, s, first)[:2]...))
	if _, err := s.Offer(t.Context(), second.Manifest, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("a second one offered: %v", err)
	}
	want(t, "of the first", offer(t, s, first), []int{2}) // it is none the worse for it
	must(t, first.send(s, 2))
	first.whole(t, s)
	must(t, s.Remove(t.Context(), first.Name))

	offer(t, s, second)
	must(t, os.Truncate(filepath.Join(s.Dir, second.Name.String()+".part"), 0)) // as where no room can be kept
	must(t, os.Truncate(filepath.Join(s.Dir, second.Name.String()+".part"), second.Size))
	must(t, os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 4<<20), 0o600))
	if err := second.send(s, 0, 1, 2); !errors.Is(err, store.ErrFull) {
		t.Errorf("sent: %v", err)
	}
	must(t, os.Remove(filepath.Join(disk, "ballast")))
	if after, err := store.Free(disk); err != nil || before-after > 64<<10 || len(files(t, s)) > 0 {
		t.Errorf("%d bytes were free, now %d; %q, %v", before, after, files(t, s), err)
	}
	must(t, second.send(s, offer(t, s, second)...))
	second.whole(t, s)
}
