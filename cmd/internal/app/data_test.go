package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// before makes a data directory as it was without administration data.
func before(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	n, err := node.Open(t.Context(), filepath.Join(dir, node.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Open(t.Context(), filepath.Join(dir, history.File), store.Create)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(n.Init(t.Context(), "cms-a", node.Primary), n.Close(), h.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func opened(t *testing.T, dir string, mode store.Mode) error {
	t.Helper()
	d, err := OpenData(t.Context(), dir, mode)
	if err == nil {
		err = d.Close()
	}
	return err
}

func TestAnOlderServerGetsItsAdministrationDataOnce(t *testing.T) {
	dir := before(t)
	if err := opened(t, dir, store.Use); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("a verb, before twind: %v", err)
	}
	for range 2 {
		for _, mode := range []store.Mode{store.Migrate, store.Use} {
			if err := opened(t, dir, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, admin.File+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, mode := range []store.Mode{store.Use, store.Migrate, store.Create} {
		if err := opened(t, dir, mode); !errors.Is(err, ErrNoAdmin) {
			t.Errorf("lost, mode %d: %v", mode, err)
		}
	}
	if err := NewAdmin(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, dir, store.Use); err != nil {
		t.Errorf("begun anew: %v", err)
	}
}

// A death while the file was made leaves it empty, or made and not noted.
func TestADeathWhileItIsMadeIsNoLoss(t *testing.T) {
	dir := before(t)
	if err := os.WriteFile(filepath.Join(dir, admin.File), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, dir, store.Migrate); err != nil {
		t.Fatal(err)
	}
	other := before(t)
	if err := NewAdmin(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []store.Mode{store.Use, store.Migrate} {
		if err := opened(t, other, mode); err != nil {
			t.Errorf("made and not noted, mode %d: %v", mode, err)
		}
	}
}

func TestTheStandingIsNodes(t *testing.T) {
	dir := before(t)
	d, err := OpenData(t.Context(), dir, store.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	edit := func(key string) error {
		_, err := d.Admin.Change(t.Context(), admin.Author{Actor: "ann", Verb: "admin.set"},
			[]admin.Edit{{Kind: "queue", Key: key, Body: admin.Body{}}}, admin.How{})
		return err
	}
	if err := edit("a"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Node.Seen(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := edit("b"); !errors.Is(err, admin.ErrNotPrimary) {
		t.Errorf("a primary that heard of a higher epoch: %v", err)
	}
}
