//go:build real

package apply_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// TestRealDiskFull lets a sync have ever less room, on a disk of which nobody
// has looked how much is free: it fails in the spool, at the snapshot, while
// rows are written and at the commit. Then it gets room again.
func TestRealDiskFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "none", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { must(t, exec.Command("umount", "--lazy", disk).Run()) })
	full, done := map[string]int{}, 0
	for n, step := range map[int]int64{200: 32 << 10, asFile: 96 << 10} { // within the verb, and as a file
		for i := range int64(16) {
			if where := tight(t, disk, n, i*step); where != "" {
				full[where]++
			} else {
				done++
			}
		}
	}
	t.Logf("%d times done; full: %v", done, full)
	if done == 0 || full["offer"] == 0 || full["snapshot"] == 0 || full["commit"] == 0 {
		t.Error("the disk was not full at enough places")
	}
}

// tight syncs so many rows to a disk with that much room, and returns where
// that was not enough.
func tight(t *testing.T, disk string, n int, room int64) (where string) {
	t.Helper()
	p := newPair(t)
	dir := filepath.Join(disk, "data")
	must(t, os.Mkdir(dir, 0o700))
	there, err := openServer(t.Context(), dir, node.Secondary)
	must(t, err)
	defer func() { must(t, errors.Join(there.close(), os.RemoveAll(dir))) }()
	p.b, p.h = there, there.handler()
	p.a.set(t, "queue", "sales", admin.Body{})
	p.works(t)
	p.a.fill(t, n)
	before := p.b.at(t)
	free, err := store.Free(disk)
	must(t, err)
	ballast := filepath.Join(disk, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, max(0, free-room)), 0o600))
	p.h.Spare = -1 << 40
	_, err = p.sync(t)
	must(t, os.Remove(ballast))
	p.h.Spare = 0
	switch now := p.b.at(t); {
	case err == nil && now.Root == p.a.at(t).Root:
	case err != nil && now.Root == before.Root:
		if !errors.Is(err, store.ErrFull) {
			t.Errorf("with %d bytes: %v", room, err)
		}
		where = "commit"
		for _, stage := range []string{"offer", "snapshot"} {
			if strings.Contains(err.Error(), stage) {
				where = stage
			}
		}
	default:
		t.Fatalf("with %d bytes: %v: it stands at %+v", room, err, now)
	}
	p.tidy(t, false)
	p.works(t)
	return where
}
