package app

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/store"
)

func TestDiskKeepsRoomBack(t *testing.T) {
	dir := t.TempDir()
	reserve := filepath.Join(dir, reserveName)
	d := &disk{dir: dir, reserve: store.Reserve{Path: reserve}, log: slog.New(slog.DiscardHandler)}
	hold := func(want bool) {
		t.Helper()
		if got := fileSize(reserve) == store.ReserveSize; got != want || d.kept != want {
			t.Errorf("room kept back: %v in the file, %v in mind, want %v", got, d.kept, want)
		}
	}
	d.keep()
	hold(true)
	d.keep() // once more changes nothing
	hold(true)
	d.giveUp()
	hold(false)
	d.giveUp()
	hold(false)
	if !d.room() { // there is plenty of it
		t.Error("no room for records")
	}
	hold(true)
}

func TestDiskThatIsGone(t *testing.T) {
	var said strings.Builder
	dir := filepath.Join(t.TempDir(), "gone")
	d := &disk{dir: dir, reserve: store.Reserve{Path: filepath.Join(dir, reserveName)}, log: slog.New(slog.NewTextHandler(&said, nil))}
	d.keep()
	if d.kept || !strings.Contains(said.String(), "no room can be kept back") {
		t.Errorf("kept %v, said %q", d.kept, said.String())
	}
	if !d.room() {
		t.Error("where free space is unknown, trying tells")
	}
}

func TestRoomy(t *testing.T) {
	for _, c := range []struct {
		of         string
		kept, free int64
		want       bool
	}{
		{"the reserve is kept", store.ReserveSize, 0, true},
		{"it was given up, and its room is used", 0, 64 << 10, false},
		{"it was given up, and its room is what is free", 0, store.ReserveSize, false},
		{"it can be made again", 0, spare + store.ReserveSize, true},
	} {
		if got := roomy(c.kept, c.free); got != c.want {
			t.Errorf("%s: %t", c.of, got)
		}
	}
}
