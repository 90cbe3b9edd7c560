package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
)

// A bundle that was given up is removed, one under way is not.
func TestWhatSyncsLeftIsSwept(t *testing.T) {
	dir := t.TempDir()
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	sweepOnce(t.Context(), dir, log)
	if told.Len() > 0 {
		t.Errorf("without a sync: %s", &told)
	}
	spool := filepath.Join(dir, "spool")
	if err := os.Mkdir(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	fresh := bundle.Digest{2}.String() + ".part"
	for name, at := range map[string]time.Time{
		bundle.Digest{1}.String() + ".part": time.Now().Add(-apply.MaxAge - time.Hour), fresh: time.Now(),
	} {
		path := filepath.Join(spool, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	sweepOnce(t.Context(), dir, log)
	left, err := os.ReadDir(spool)
	if err != nil || len(left) != 1 || left[0].Name() != fresh || !strings.Contains(told.String(), "bundles=1") {
		t.Errorf("%v, %v, %s", left, err, &told)
	}
	told.Reset()
	if err := os.Chmod(spool, 0o755); err != nil {
		t.Fatal(err)
	}
	sweepOnce(t.Context(), dir, log)
	if !strings.Contains(told.String(), "WARN") {
		t.Errorf("a spool that others may read: %s", &told)
	}
}
