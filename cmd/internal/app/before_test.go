package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
)

// shifted is a schema as a version of Twin had it that is so many migrations
// older, or newer, and its version.
func shifted(t *testing.T, s store.Schema, by int) (store.Schema, int) {
	t.Helper()
	names, err := fs.Glob(s.Migrations, "migrations/*.sql")
	if err != nil || len(names)+by < 1 {
		t.Fatal(names, err)
	}
	files := fstest.MapFS{}
	for _, name := range names[:min(len(names), len(names)+by)] {
		text, err := fs.ReadFile(s.Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	for n := len(names) + 1; n <= len(names)+by; n++ {
		files[fmt.Sprintf("migrations/%04d_later.sql", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "CREATE TABLE later%d (n INTEGER) STRICT", n)}
	}
	s.Migrations = files
	return s, len(files)
}

// aged is a data directory whose files are so many migrations off; one that is
// not named is this version's.
func aged(t *testing.T, by map[string]int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range dataFiles() {
		s, _ := shifted(t, f.schema, by[f.name])
		db, err := store.Open(t.Context(), filepath.Join(dir, f.name), s, store.Create)
		if err != nil {
			t.Fatal(err)
		}
		if f.name == node.File {
			err = db.Update(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ExecContext(t.Context(), `
					INSERT INTO self (id, server, name, role, epoch, epoch_seen, since, administered) VALUES (1, 'S', 'cms-a', 'primary', 1, 1, 1, 1)`)
				return err
			})
		}
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// contents returns what lies in a data directory, without the logs of the files.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "-wal") || strings.HasSuffix(e.Name(), "-shm") || e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

func TestWhatIsMigratedIsCopiedBefore(t *testing.T) {
	_, nodeIs := shifted(t, node.Schema(), 0)
	_, adminIs := shifted(t, admin.Schema(), 0)
	nodeCopy, adminCopy := fmt.Sprintf("node.db.pre-v%d", nodeIs), fmt.Sprintf("admin.db.pre-v%d", adminIs)
	for name, c := range map[string]struct {
		by     map[string]int
		modes  []store.Mode
		copies []string
	}{
		"nothing waits": {nil, []store.Mode{store.Migrate, store.Create, store.Use}, nil},
		"both wait":     {map[string]int{node.File: -1, admin.File: -1}, []store.Mode{store.Migrate}, []string{adminCopy, nodeCopy}},
		"init":          {map[string]int{node.File: -1}, []store.Mode{store.Create}, []string{nodeCopy}},
		"two wait":      {map[string]int{admin.File: -2}, []store.Mode{store.Migrate, store.Migrate}, []string{fmt.Sprintf("admin.db.pre-v%d", adminIs-1)}},
		"the history":   {map[string]int{history.File: -1}, []store.Mode{store.Migrate}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := aged(t, c.by)
			want := slices.Concat([]string{admin.File, history.File, node.File}, c.copies)
			for _, mode := range c.modes {
				if err := opened(t, dir, mode); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for name := range contents(t, dir) {
				got = append(got, name)
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A refusal leaves every file as it was, also those that could have been migrated.
func TestWhatIsRefusedIsNotMigrated(t *testing.T) {
	_, nodeIs := shifted(t, node.Schema(), 0)
	later := "its schema %d is newer than this version's (%d)"
	for name, c := range map[string]struct {
		by    map[string]int
		code  cli.Code
		err   string
		hints []string
	}{
		"newer, with no copy": {
			map[string]int{node.File: 1},
			cli.Untrusted, fmt.Sprintf(later, nodeIs+1, nodeIs),
			[]string{"go back to the newer version; node.db has no copy of a schema that this version knows", "twinctl backup restore --swap"},
		},
		"newer and older": {map[string]int{node.File: -1, admin.File: 1}, cli.Untrusted, "admin.db: written by a newer version", []string{"admin.db has no copy"}},
		"newer history":   {map[string]int{node.File: -1, history.File: 2}, cli.Untrusted, "history.db: written by a newer version", []string{"history.db has no copy"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := aged(t, c.by)
			before := contents(t, dir)
			err := opened(t, dir, store.Migrate)
			if cli.Verdict(err) != c.code || !strings.Contains(err.Error(), c.err) {
				t.Errorf("status %d, %v", cli.Verdict(err), err)
			}
			for _, hint := range c.hints {
				if !strings.Contains(cli.Hint(err), hint) {
					t.Errorf("hint %q: want %q", cli.Hint(err), hint)
				}
			}
			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Error("it changed something")
			}
		})
	}
}

// What a newer version copied is named, if this one can open it.
func TestTheWayBackIsNamed(t *testing.T) {
	_, nodeIs := shifted(t, node.Schema(), 0)
	_, adminIs := shifted(t, admin.Schema(), 0)
	dir := aged(t, nil)
	for file, steps := range map[string][]int{node.File: {1, 2}, admin.File: {3}} { // two upgrades, and one over three
		for _, f := range dataFiles() {
			for _, by := range steps {
				if f.name != file {
					continue
				}
				s, _ := shifted(t, f.schema, by)
				path := filepath.Join(dir, file)
				if _, err := store.Keep(t.Context(), path, s); err != nil {
					t.Fatal(err)
				}
				db, err := store.Open(t.Context(), path, s, store.Migrate)
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	err := opened(t, dir, store.Use)
	want := fmt.Sprintf("move node.db and admin.db away with the -wal and -shm beside, and restore node.db.pre-v%d and admin.db.pre-v%d as node.db and admin.db", nodeIs+1, adminIs+1)
	if cli.Verdict(err) != cli.Untrusted || !strings.HasSuffix(cli.Hint(err), want) {
		t.Errorf("%v: %s", err, cli.Hint(err))
	}
	// a copy that is damaged is none
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("admin.db.pre-v%d", adminIs+1)), []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if hint := cli.Hint(opened(t, dir, store.Use)); !strings.Contains(hint, "admin.db has no copy of a schema") {
		t.Error(hint)
	}
}

// The second copy cannot be made: the first goes again, and no file was changed.
func TestCopiesAreMadeAllOrNone(t *testing.T) {
	dir := aged(t, map[string]int{node.File: -1, admin.File: -1})
	before := contents(t, dir)
	if err := os.MkdirAll(filepath.Join(dir, "admin.db.keeping", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, dir, store.Migrate); err == nil || !strings.Contains(err.Error(), "admin.db before its schema changes") {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Error("it changed something")
	}
}
