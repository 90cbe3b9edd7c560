package backup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

var noon = record.At(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))

func titles(t *testing.T, k Keeper) (all []string) {
	t.Helper()
	sets, err := k.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		all = append(all, s.Title())
	}
	return all
}

func TestASetTellsWhatItHolds(t *testing.T) {
	r := newRig(t, "cms-a")
	path := filepath.Join(t.TempDir(), "twin.toml")
	if err := os.WriteFile(path, []byte("name = \"cms-a\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.src.Beside = []Beside{{"twin.toml", path}, {"known_hosts", filepath.Join(t.TempDir(), "none")}}
	r.hear(t, 1000)
	full := r.make(t, Full)
	r.hear(t, 10)
	inc := r.make(t, Incremental)
	if full.Number != 1 || inc.Number != 2 || inc.Parent != full.Title() || inc.ParentSum != full.Sum {
		t.Errorf("%+v\n%+v", full, inc)
	}
	if h := inc.History.Feeds; len(h) != 1 || h[0].Records != 1010 {
		t.Errorf("%+v", h)
	}
	var files []string
	for _, f := range full.Files {
		files = append(files, f.Name)
	}
	if diff := cmp.Diff([]string{"history.db", "admin.db", "node.db", "twin.toml"}, files); diff != "" {
		t.Error(diff)
	}
	if f, _ := inc.file("history.increment"); f.Tables["record"] != 10 {
		t.Errorf("an increment of 10 records has %d", f.Tables["record"])
	}
	sets, err := r.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Set{full, inc}, sets); diff != "" {
		t.Error(diff)
	}
	for _, s := range sets {
		if err := r.Verify(t.Context(), s.Title()); err != nil {
			t.Error(err)
		}
	}
}

func TestAnIncrementNeedsWhatItGoesOnFrom(t *testing.T) {
	r := newRig(t, "cms-a")
	needsFull := func() {
		t.Helper()
		if _, err := r.Make(t.Context(), Incremental, r.src); !errors.Is(err, ErrNeedsFull) {
			t.Error(err)
		}
	}
	needsFull()
	full := r.make(t, Full)
	inc := r.make(t, Incremental)
	if err := r.src.Node.Restore(t.Context(), node.Restored{Backup: full.Title(), Taken: full.At, Actor: "tester"}, 0); err != nil {
		t.Fatal(err)
	}
	needsFull() // what came after the backup is gone, and its numbers are given again
	again := r.make(t, Full)
	r.make(t, Incremental)
	if err := r.At.Delete(t.Context(), again.Title()); err != nil {
		t.Fatal(err)
	}
	needsFull()
	if err := r.Verify(t.Context(), inc.Title()); err != nil {
		t.Error(err)
	}
}

func TestWhatFailsLeavesNoSet(t *testing.T) {
	r := newRig(t, "cms-a")
	r.src.Beside = []Beside{{"twin.toml", t.TempDir()}} // cannot be read
	if s, err := r.Make(t.Context(), Full, r.src); err == nil {
		t.Errorf("made %s", s.Title())
	}
	entries, err := os.ReadDir(r.Work)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestOneChangedByteIsFound(t *testing.T) { findsChangedBytes(t, 61) }

// findsChangedBytes demands that one byte that is not what was written is found,
// at each step-th place of a backup and of one that goes on from it.
func findsChangedBytes(t *testing.T, step int) {
	t.Helper()
	r := newRig(t, "cms-a")
	r.hear(t, 3)
	r.make(t, Full)
	r.hear(t, 3)
	r.make(t, Incremental)
	place := r.Work
	for _, set := range titles(t, r.Keeper) {
		files, err := r.At.Files(t.Context(), set)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(files)
		for _, file := range files {
			path := filepath.Join(place, set, file)
			sound, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(sound); at += step {
				rotten := slices.Clone(sound)
				rotten[at] ^= 1 << (at % 8)
				write(t, path, rotten)
				if err := r.Verify(t.Context(), set); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s, byte %d: %v", file, at, err)
				}
			}
			for _, size := range []int{0, 1, len(sound) / 2, len(sound) - 1} {
				write(t, path, sound[:size])
				if err := r.Verify(t.Context(), set); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s cut to %d bytes: %v", file, size, err)
				}
			}
			write(t, path, append(slices.Clone(sound), 0))
			if err := r.Verify(t.Context(), set); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s with a byte more: %v", file, err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := r.Verify(t.Context(), set); !errors.Is(err, ErrDamaged) {
				t.Errorf("without %s: %v", file, err)
			}
			write(t, path, sound)
		}
		write(t, filepath.Join(place, set, "more"), nil)
		if err := r.Verify(t.Context(), set); !errors.Is(err, ErrDamaged) {
			t.Errorf("with a file more: %v", err)
		}
		if err := os.Remove(filepath.Join(place, set, "more")); err != nil {
			t.Fatal(err)
		}
		if err := r.Verify(t.Context(), set); err != nil {
			t.Errorf("as it was: %v", err)
		}
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A set that was renamed, or stands in the place of another, is found.
func TestASetInThePlaceOfAnother(t *testing.T) {
	r := newRig(t, "cms-a")
	one := r.make(t, Full)
	other := newRig(t, "cms-a")
	foreign := other.make(t, Full)
	inc := r.make(t, Incremental)
	if err := os.RemoveAll(filepath.Join(r.Work, one.Title())); err != nil {
		t.Fatal(err)
	}
	m := foreign.Manifest
	m.Name = one.Title()
	if err := os.CopyFS(filepath.Join(r.Work, one.Title()), os.DirFS(filepath.Join(other.Work, foreign.Title()))); err != nil {
		t.Fatal(err)
	}
	text, _, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(r.Work, one.Title(), manifestFile), text)
	if err := r.Verify(t.Context(), inc.Title()); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for server, want := range map[string]string{
		"cms-a": "cms-a-20261121T120000Z-000012-full", "..": "_-20261121T120000Z-000012-full",
		"a/b ü": "a_b__-20261121T120000Z-000012-full", "": "_-20261121T120000Z-000012-full",
	} {
		n := newName(server, noon, 12, Full)
		if got := n.String(); got != want {
			t.Errorf("%q: %s", server, got)
		}
		if back, err := ParseName(n.String()); err != nil || back != n {
			t.Errorf("%v, %v", back, err)
		}
	}
	for _, text := range []string{"", "x", ".cms-20261121T120000Z-000012-full", "a-20261399T120000Z-000012-full", "a-20261121T120000Z-12-full", "a/b-20261121T120000Z-000012-full"} {
		if n, err := ParseName(text); err == nil {
			t.Errorf("%q is %v", text, n)
		}
	}
}

// TestSweepLeavesWhatOthersMake holds that servers that share a directory do
// not take each other's backups away while they are made.
func TestSweepLeavesWhatOthersMake(t *testing.T) {
	dir := t.TempDir()
	set := func(server string) string { return newName(server, noon, 12, Full).String() }
	kept := []string{
		makingMark + set("cms-b"), makingMark + set("cms-a-b"), goingMark + set("cms"), Scratch("cms-a-b", noon.Time()),
		Scratch("cms", noon.Time()), makingMark + "x", set("cms-a"),
	}
	gone := []string{makingMark + set("cms-a"), goingMark + set("cms-a"), Scratch("cms-a", noon.Time())}
	for _, name := range slices.Concat(kept, gone) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sweep(dir, "cms-a"); err != nil {
		t.Fatal(err)
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}
