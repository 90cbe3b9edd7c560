package deliver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func put(t *testing.T, o Outbox, files ...File) (id string, stored []File) {
	t.Helper()
	id, stored, err := o.Put(files)
	if err != nil {
		t.Fatal(err)
	}
	return id, stored
}

func within(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOutbox(t *testing.T) {
	o := OutboxOf(t.TempDir())
	want := []File{{Name: "a.csv", Type: SheetType, Text: []byte("a,b\n")}, {Name: "a.html", Type: PageType, Text: []byte{}}}
	id, stored := put(t, o, want...)
	folder, got, err := o.Read(id, stored)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Size, want[i].Digest = stored[i].Size, stored[i].Digest
	}
	if diff := cmp.Diff(want, got); diff != "" || stored[0].Text != nil {
		t.Error(diff)
	}
	for _, path := range []string{o.Dir, folder, filepath.Join(folder, "a.csv")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is for others too: %v, %v", path, info.Mode(), err)
		}
	}
	other, _ := put(t, o, want[0])
	if err := errors.Join(o.Remove(id), o.Remove(id)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{other}, within(t, o.Dir)); diff != "" {
		t.Error(diff)
	}
}

// What is not as it was put is never sent, and nothing but reports is read or
// removed.
func TestOutboxIsNotTrusted(t *testing.T) {
	data := t.TempDir()
	o := OutboxOf(data)
	file := File{Name: "a.csv", Type: SheetType, Text: []byte("a,b\n")}
	id, stored := put(t, o, file)
	path := filepath.Join(o.Dir, id, "a.csv")
	for name, change := range map[string]func() error{
		"flipped": func() error { return os.WriteFile(path, []byte("a,c\n"), 0o600) },
		"longer":  func() error { return os.WriteFile(path, []byte("a,b\nc"), 0o600) },
		"shorter": func() error { return os.Truncate(path, 2) },
		"gone":    func() error { return os.Remove(path) },
	} {
		if err := os.WriteFile(path, file.Text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.Read(id, stored); !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "history.db"), file.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", ".", "..", "../outbox", "a/b", "A", "x\x00"} {
		if err := o.Remove(id); err == nil {
			t.Errorf("%q was removed", id)
		}
		if _, _, err := o.Read(id, []File{{Name: "history.db", Size: 4, Digest: stored[0].Digest}}); !errors.Is(err, ErrLost) {
			t.Errorf("%q was read: %v", id, err)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", "../a", ".new-1"} {
		if _, _, err := o.Put([]File{{Name: name}}); err == nil {
			t.Errorf("%q was put", name)
		}
	}
	if len(within(t, data)) != 2 {
		t.Errorf("%q", within(t, data))
	}
}

func TestOutboxIsBounded(t *testing.T) {
	o := OutboxOf(t.TempDir())
	large := File{Name: "a.csv", Text: make([]byte, MostAttached)}
	if _, _, err := o.Put([]File{large, {Name: "b.csv", Text: []byte("x")}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "full", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(o.Dir, "full", "x"), mostKept-4); err != nil { // a hole, on disk
		t.Fatal(err)
	}
	put(t, o, File{Name: "a", Text: []byte("1234")})
	if _, _, err := o.Put([]File{{Name: "a", Text: []byte("5")}}); !errors.Is(err, ErrOutboxFull) {
		t.Errorf("%v", err)
	}
	if names := within(t, o.Dir); len(names) != 2 {
		t.Errorf("%q", names)
	}
}

func TestOutboxIsSwept(t *testing.T) {
	o := OutboxOf(t.TempDir())
	now := time.Now()
	never := func(string) (bool, error) { return false, nil }
	if n, err := o.Sweep(now, never); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	waiting, _ := put(t, o, File{Name: "a"})
	sent, _ := put(t, o, File{Name: "a"})
	if err := os.Mkdir(filepath.Join(o.Dir, unsorted+"1"), 0o700); err != nil {
		t.Fatal(err)
	}
	waits := func(id string) (bool, error) {
		if strings.HasPrefix(id, unsorted) || id != waiting && id != sent {
			t.Errorf("%q was asked for", id)
		}
		return id == waiting, nil
	}
	if n, err := o.Sweep(now, never); n != 0 || err != nil { // their messages may just be written
		t.Fatal(n, err)
	}
	if n, err := o.Sweep(now.Add(2*unclaimed), waits); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if diff := cmp.Diff([]string{waiting}, within(t, o.Dir)); diff != "" {
		t.Error(diff)
	}
	wrong := errors.New("no database")
	if _, err := o.Sweep(now.Add(2*unclaimed), func(string) (bool, error) { return false, wrong }); !errors.Is(err, wrong) {
		t.Error(err)
	}
}
