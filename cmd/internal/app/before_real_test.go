//go:build real

package app

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// TestRealFullBeforeAMigration starts a newer version on disks with any room
// left: it refuses and nothing was changed, or everything was done.
func TestRealFullBeforeAMigration(t *testing.T) {
	made := aged(t, map[string]int{node.File: -1, admin.File: -1})
	refused, done := 0, 0
	for room := 0; room <= 4<<20; room += 256 << 10 {
		disk := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "none", disk).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Cleanup(func() {
			if err := exec.Command("umount", "--lazy", disk).Run(); err != nil {
				t.Error(err)
			}
		})
		if err := os.CopyFS(disk, os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
		before := contents(t, disk)
		free, err := store.Free(disk)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, int(free)-room), 0o600); err != nil {
			t.Fatal(err)
		}
		switch err := opened(t, disk, store.Migrate); {
		case err == nil:
			done++
			continue
		case cli.Verdict(err) != cli.Refused || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(cli.Hint(err), "make room there"):
			t.Errorf("%d KiB: status %d, %v: %s", room>>10, cli.Verdict(err), err, cli.Hint(err))
		}
		refused++
		after := contents(t, disk)
		maps.DeleteFunc(after, func(name, _ string) bool { return name == "ballast" })
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%d KiB: it changed something", room>>10)
		}
		if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
			t.Fatal(err)
		}
		if err := opened(t, disk, store.Migrate); err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	if refused == 0 || done == 0 {
		t.Errorf("%d refused, %d done", refused, done)
	}
}
