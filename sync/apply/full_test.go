package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
)

// limited is the variable that makes the test binary fill a spool, with files
// that may not become larger than this, instead of test.
const limited = "TWIN_APPLY_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(doomed); dir != "" {
		if err := applyOnce(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(limited); dir != "" {
		if err := fillUp(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const fileLimit = 1 << 20

// fillUp is what runs in the process whose files are bounded.
func fillUp(dir string) error {
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: fileLimit, Max: fileLimit}); err != nil {
		return err
	}
	s := apply.Spool{Dir: filepath.Join(dir, "offered")}
	m := bundle.Manifest{Name: bundle.Digest{1}, Size: 2 << 20, Pieces: []bundle.Digest{{2}, {3}}}
	if _, err := s.Offer(context.Background(), m, time.Now()); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("offer: %w", err)
	}
	s.Dir = filepath.Join(dir, "taken")
	u, err := s.Create(bundle.Extent{Name: m.Name, Size: m.Size}.Path())
	if err != nil {
		return err
	}
	if _, err := u.WriteAt(make([]byte, 64<<10), fileLimit-10); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("write: %w", err)
	}
	if _, err := u.WriteAt([]byte{1}, 0); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("write after it: %w", err)
	}
	if err := u.Close(); !errors.Is(err, store.ErrFull) {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// TestFull lets a process that may write no more than 1 MiB to a file receive
// more than that: it says so, and leaves nothing half done.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	taken := apply.Spool{Dir: filepath.Join(dir, "taken")}
	must(t, os.Mkdir(taken.Dir, 0o700))
	part := filepath.Join(taken.Dir, bundle.Digest{1}.String()+".part")
	must(t, os.WriteFile(part, nil, 0o600))
	must(t, os.Truncate(part, 2<<20)) // as on a disk where no room can be kept
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), limited+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, s := range []apply.Spool{taken, {Dir: filepath.Join(dir, "offered")}} {
		if got := files(t, s); len(got) > 0 {
			t.Errorf("left in %s: %q", filepath.Base(s.Dir), got)
		}
	}
}

// TestSpare leaves to others what it was told to.
func TestSpare(t *testing.T) {
	s, p := newSpool(t), newParcel(t, 1, 100)
	s.Spare = 1 << 60
	if _, err := s.Offer(t.Context(), p.Manifest, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("offered: %v", err)
	}
	if got := files(t, s); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}
