package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/fixtures/await"
)

const third = `INSERT INTO note (text) VALUES ('third')`

// made makes a file of that schema, and closes it.
func made(t *testing.T, s Schema) (path string) {
	t.Helper()
	path = file(t)
	if err := opened(t, path, s, Create); err != nil {
		t.Fatal(err)
	}
	return path
}

// beside returns the names of what lies beside a file.
func beside(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, strings.TrimPrefix(e.Name(), filepath.Base(path)))
	}
	return names
}

// keeps calls Keep and demands the copy of that name.
func keeps(t *testing.T, path string, s Schema, want string) {
	t.Helper()
	kept, err := Keep(t.Context(), path, s)
	if want != "" {
		want = path + want
	}
	if err != nil || kept != want {
		t.Fatalf("kept %q, want %q: %v", kept, want, err)
	}
}

func TestKeepCopiesWhatAMigrationWillChange(t *testing.T) {
	one, two, three := schema(first), schema(first, second), schema(first, second, third)
	path := made(t, one)
	db := open(t, path, one)
	if err := write(t.Context(), db, "in the log"); err != nil {
		t.Fatal(err)
	}
	keeps(t, path, one, "") // no migration comes
	keeps(t, path, three, ".pre-v2")
	if info, err := os.Stat(path + ".pre-v2"); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := write(t.Context(), db, "later"); err != nil {
		t.Fatal(err)
	}
	keeps(t, path, two, ".pre-v2") // it was not migrated: the newer copy is the right one
	if err := opened(t, path, two, Migrate); err != nil {
		t.Fatal(err)
	}
	keeps(t, path, two, "")
	keeps(t, path, three, ".pre-v3")
	for name, want := range map[string]struct {
		Schema
		notes []string
	}{
		".pre-v2": {one, []string{"first", "in the log", "later"}},
		".pre-v3": {two, []string{"first", "in the log", "later", "second"}},
	} {
		if diff := cmp.Diff(want.notes, notes(t, open(t, path+name, want.Schema))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestKeepLeavesAloneWhatOpenDoesNotMigrate(t *testing.T) {
	foreign := schema(first)
	foreign.App = 1
	empty := file(t)
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"missing": {file(t), nil},
		"empty":   {empty, nil},
		"newer":   {made(t, schema(first, second, third)), ErrNewerSchema},
		"foreign": {made(t, foreign), ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			before := beside(t, c.path)
			kept, err := Keep(t.Context(), c.path, schema(first, second))
			if kept != "" || !errors.Is(err, c.want) {
				t.Errorf("%q, %v", kept, err)
			}
			after := slices.DeleteFunc(beside(t, c.path), func(s string) bool { return s == "-wal" || s == "-shm" })
			if diff := cmp.Diff(before, after); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is called alike and is no copy stays, and is not one.
func TestTheCopiesOfTheLastTwoMigrationsStay(t *testing.T) {
	path := made(t, note)
	for _, name := range []string{".pre-v2", ".pre-v9", ".pre-v10", ".pre-v11", ".pre-v1", ".pre-v03", ".pre-v+4", ".pre-v", ".pre-vx", "-wal.pre-v5"} {
		if err := os.WriteFile(path+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(path+".pre-v99", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Thin(path); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := Kept(path)
	if diff := cmp.Diff([]Before{{path + ".pre-v11", 10}, {path + ".pre-v10", 9}}, kept); diff != "" || err != nil {
		t.Error(diff, err)
	}
	want := []string{"", "-wal.pre-v5", ".pre-v", ".pre-v+4", ".pre-v03", ".pre-v1", ".pre-v10", ".pre-v11", ".pre-v99", ".pre-vx"}
	if diff := cmp.Diff(want, beside(t, path)); diff != "" {
		t.Error(diff)
	}
}

// How the processes that these tests start keep and migrate test.db, where they
// are started, in the place of testing.
const (
	apartly = "TWIN_STORE_TEST_APART"
	dying   = "TWIN_STORE_TEST_DYING" // before this migration
	tight   = "TWIN_STORE_TEST_TIGHT" // files may not become larger than a copy
)

func TestMain(m *testing.M) {
	if os.Getenv(apartly) == "" {
		os.Exit(m.Run())
	}
	s := Schema{App: testApp, Migrations: fatal{schema(first, second, third).Migrations.(globber), os.Getenv(dying)}}
	if os.Getenv(tight) != "" {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
			panic(err)
		}
	}
	if _, err := Keep(context.Background(), "test.db", s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, ErrFull) {
			os.Exit(3)
		}
		os.Exit(1)
	}
	if _, err := Open(context.Background(), "test.db", s, Migrate); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

type globber interface {
	fs.FS
	fs.GlobFS
	fs.ReadFileFS
}

// fatal are migrations of which reading one is the reader's death.
type fatal struct {
	globber
	last string
}

func (f fatal) ReadFile(name string) ([]byte, error) {
	if strings.Contains(name, f.last) && f.last != "" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return f.globber.ReadFile(name)
}

// large makes a file of schema 1 that takes some time to copy.
func large(t *testing.T) (path string, all []string) {
	t.Helper()
	path = made(t, schema(first))
	db, err := Open(t.Context(), path, schema(first), Use)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO note (text) SELECT hex(randomblob(1500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000) SELECT i FROM n)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all = notes(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path, all
}

// apart keeps and migrates in a process of its own.
func apart(t *testing.T, path string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = append(append(os.Environ(), apartly+"=1"), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// Killed anywhere between the copy's first byte and the last migration, no file
// of a newer schema is ever without its copy, whole, and the next start ends it.
func TestKilledWhereverItIs(t *testing.T) {
	two, three := schema(first, second), schema(first, second, third)
	for name, c := range map[string]struct {
		before string // this migration it dies at the latest
		copies bool   // that it makes is where it is killed
		schema Schema
		kept   []string
	}{
		"while it copies":          {"0002", true, schema(first), []string{".pre-v2"}},
		"after the copy":           {"0002", false, schema(first), []string{".pre-v2"}},
		"between two migrations":   {"0003", false, two, []string{".pre-v2", ".pre-v3"}},
		"after the last migration": {"", false, three, []string{".pre-v2"}},
	} {
		t.Run(name, func(t *testing.T) {
			path, all := large(t)
			cmd := apart(t, path, dying+"="+c.before)
			if c.copies {
				killAtSight(t, cmd, path)
			}
			if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
				t.Fatalf("it ended otherwise: %v", err)
			}
			have, _, err := Versions(t.Context(), path, three)
			want, _ := c.schema.version()
			if err != nil || have != want {
				t.Fatalf("it left schema %d, %v", have, err)
			}
			if _, err := Keep(t.Context(), path, three); err != nil {
				t.Fatal(err)
			}
			if err := opened(t, path, three, Migrate); err != nil {
				t.Fatal(err)
			}
			for _, b := range must(Kept(path))(t) {
				if !slices.Contains(c.kept, strings.TrimPrefix(b.Path, path)) {
					t.Errorf("a copy %s", b.Path)
				}
				if _, err := Inspect(t.Context(), b.Path); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(all, notes(t, open(t, path+".pre-v2", schema(first)))); diff != "" {
				t.Error("the copy holds something else")
			}
			if got := notes(t, open(t, path, three)); !slices.Equal(got, append(slices.Clone(all), "second", "third")) {
				t.Errorf("the file has %d rows", len(got))
			}
			for _, name := range beside(t, path) {
				if strings.HasPrefix(name, keepingEnd) {
					t.Errorf("half a copy is left: %s", name)
				}
			}
		})
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// killAtSight kills the process once something of its copy is there. One that was
// quicker dies by itself.
func killAtSight(t *testing.T, cmd *exec.Cmd, path string) {
	t.Helper()
	for end := time.Now().Add(await.Most); time.Now().Before(end); {
		info, err := os.Stat(path + keepingEnd)
		if _, whole := os.Stat(path + ".pre-v2"); whole != nil && (err != nil || info.Size() == 0) {
			continue
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("it made no copy")
}

func TestWithoutRoomForTheCopyNothingIsChanged(t *testing.T) {
	path, _ := large(t)
	before := content(t, path)
	if err := apart(t, path, tight+"=1").Wait(); err == nil || err.Error() != "exit status 3" {
		t.Fatalf("Keep: %v", err)
	}
	if names := beside(t, path); !slices.Equal(slices.DeleteFunc(names, func(s string) bool { return s == "-wal" || s == "-shm" }), []string{""}) {
		t.Errorf("left: %q", names)
	}
	if string(content(t, path)) != string(before) {
		t.Error("the file was changed")
	}
}
