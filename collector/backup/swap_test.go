package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns the files below a directory and what is in them.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func swapRig(t *testing.T) Swap {
	t.Helper()
	data := t.TempDir()
	from := filepath.Join(data, "restored")
	if err := os.Mkdir(from, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"history.db", "history.db-wal", "history.db-shm", "admin.db", "node.db", "node.db.pre-v8", "node.db.pre-v9", "known_hosts"} {
		write(t, filepath.Join(data, name), []byte("old "+name))
	}
	for _, name := range []string{"history.db", "admin.db", "node.db", "node.db.pre-v9", "twin.toml"} {
		write(t, filepath.Join(from, name), []byte("new "+name))
	}
	return Swap{Data: data, From: from, Keep: "before"}
}

// However often a swap is cut off, it ends with the new files in the places of
// the old ones, and all of the old ones kept.
func TestASwapThatIsCutOffGoesOn(t *testing.T) {
	want := map[string]string{
		"history.db": "new history.db", "admin.db": "new admin.db", "node.db": "new node.db", "known_hosts": "old known_hosts",
		"before/history.db": "old history.db", "before/history.db-wal": "old history.db-wal", "before/history.db-shm": "old history.db-shm",
		"before/admin.db": "old admin.db", "before/node.db": "old node.db",
		"before/node.db.pre-v8": "old node.db.pre-v8", "before/node.db.pre-v9": "old node.db.pre-v9", "node.db.pre-v9": "new node.db.pre-v9",
	}
	const last = 13
	for cut := range last + 1 {
		s := swapRig(t)
		if err := s.journal(); err != nil {
			t.Fatal(err)
		}
		// the steps that were done before the cut, in the order of Run
		steps := [][2]string{
			{"history.db-wal", "before/history.db-wal"},
			{"history.db-shm", "before/history.db-shm"},
			{"history.db", "before/history.db"},
			{"restored/history.db", "history.db"},
			{"admin.db", "before/admin.db"},
			{"restored/admin.db", "admin.db"},
			{"node.db.pre-v9", "before/node.db.pre-v9"},
			{"node.db.pre-v8", "before/node.db.pre-v8"},
			{"node.db", "before/node.db"},
			{"restored/node.db.pre-v9", "node.db.pre-v9"},
			{"restored/node.db", "node.db"},
		}
		if cut > 0 {
			if err := os.Mkdir(filepath.Join(s.Data, s.Keep), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range steps[:min(max(cut-1, 0), len(steps))] {
			if err := os.Rename(filepath.Join(s.Data, step[0]), filepath.Join(s.Data, step[1])); err != nil {
				t.Fatal(err)
			}
		}
		if cut == last {
			if err := os.RemoveAll(s.From); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Swapping(s.Data)
		if err != nil || again != s {
			t.Fatalf("%+v, %v", again, err)
		}
		if err := again.Run(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tree(t, s.Data)); diff != "" {
			t.Errorf("cut before step %d: %s", cut, diff)
		}
		if _, err := Swapping(s.Data); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the journal: %v", err)
		}
	}
}
