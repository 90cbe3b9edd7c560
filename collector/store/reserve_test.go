package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReserveTakesAndGivesUpRoom(t *testing.T) {
	r := Reserve{Path: filepath.Join(t.TempDir(), "reserve")}
	if err := r.Release(); err != nil {
		t.Errorf("giving up what there is not: %v", err)
	}
	for range 2 {
		for range 2 { // each is safe to repeat
			if err := r.Make(); err != nil {
				t.Fatal(err)
			}
		}
		if got := size(t, r.Path); got != ReserveSize {
			t.Errorf("%d bytes, want %d", got, ReserveSize)
		}
		for range 2 {
			if err := r.Release(); err != nil {
				t.Fatal(err)
			}
		}
		if got := size(t, r.Path); got != 0 {
			t.Errorf("%d bytes are still taken", got)
		}
	}
}

func TestReserveNamesItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "reserve")
	if err := (Reserve{path}).Make(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("Make: %v", err)
	}
}

func TestFree(t *testing.T) {
	if n, err := Free(t.TempDir()); err != nil || n <= 0 {
		t.Errorf("Free: %d, %v", n, err)
	}
	if _, err := Free(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("Free of nowhere")
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
