package store

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	first  = `CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT; INSERT INTO note (text) VALUES ('first')`
	second = `INSERT INTO note (text) VALUES ('second')`
	broken = `INSERT INTO note (text) VALUES ('half'); INSERT INTO nowhere VALUES (1)`
)

// opened opens and closes a file.
func opened(t *testing.T, path string, s Schema, mode Mode) error {
	t.Helper()
	db, err := Open(t.Context(), path, s, mode)
	if err == nil {
		err = db.Close()
	}
	return err
}

func TestMigrationsRunOnceAndInOrder(t *testing.T) {
	path := file(t)
	for _, s := range []Schema{schema(first), schema(first), schema(first, second), schema(first, second)} {
		if err := opened(t, path, s, Create); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, notes(t, open(t, path, schema(first, second)))); diff != "" {
		t.Error(diff)
	}
}

func TestMigrateBringsAnOlderFileUpToDate(t *testing.T) {
	path := file(t)
	if err := opened(t, path, schema(first), Create); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, path, schema(first, second), Migrate); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, path, schema(first, second), Use); err != nil {
		t.Error(err)
	}
}

// Each round is another new file: who comes first, and how far, is chance.
func TestManyOpenersMigrateOnce(t *testing.T) {
	for range 20 {
		path := file(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := opened(t, path, schema(first, second), Create); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff([]string{"first", "second"}, notes(t, open(t, path, schema(first, second)))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAFailedMigrationLeavesTheOldVersion(t *testing.T) {
	path := file(t)
	err := opened(t, path, schema(first, broken), Create)
	if err == nil || !strings.Contains(err.Error(), "migration 2") || !strings.Contains(err.Error(), path) {
		t.Fatalf("Open: %v", err)
	}
	db := open(t, path, schema(first))
	if got := pragma(t, db.writer, "user_version"); got != "1" {
		t.Errorf("version %s", got)
	}
	if diff := cmp.Diff([]string{"first"}, notes(t, db)); diff != "" {
		t.Error(diff)
	}
}

// Whatever is refused must stay as it was, to the byte.
func TestOpenRefusesWithoutWriting(t *testing.T) {
	foreign := schema(first)
	foreign.App = 1
	for name, c := range map[string]struct {
		make, open Schema
		modes      []Mode
		want       error
		hint       string
	}{
		"newer schema": {schema(first, second), schema(first), []Mode{Use, Migrate, Create}, ErrNewerSchema, "its schema 2 is newer than this version's (1)"},
		"older schema": {schema(first), schema(first, second), []Mode{Use}, ErrOlderSchema, "start twind once"},
		"foreign file": {foreign, schema(first), []Mode{Use, Migrate, Create}, ErrForeign, "application id is 0x1"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t)
			if err := opened(t, path, c.make, Create); err != nil {
				t.Fatal(err)
			}
			before := content(t, path)
			for _, mode := range c.modes {
				err := opened(t, path, c.open, mode)
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.hint) || !strings.Contains(err.Error(), path) {
					t.Errorf("mode %d: %v", mode, err)
				}
				if !bytes.Equal(content(t, path), before) {
					t.Errorf("mode %d wrote to the file", mode)
				}
			}
		})
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	path := file(t)
	text := []byte(strings.Repeat("this is a log, not a database\n", 200))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Use, Migrate, Create} {
		if err := opened(t, path, note, mode); !errors.Is(err, ErrForeign) {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
	if !bytes.Equal(content(t, path), text) {
		t.Error("the file was changed")
	}
}

// A server that died when its file was made leaves it empty.
func TestOpenMakesUseOfAnEmptyFile(t *testing.T) {
	path := file(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, path, note, Use); !errors.Is(err, ErrForeign) {
		t.Errorf("mode Use: %v", err)
	}
	if err := opened(t, path, note, Create); err != nil {
		t.Errorf("mode Create: %v", err)
	}
}

func TestMigrationsMustNotHaveHoles(t *testing.T) {
	s := schema(first, second, second)
	delete(s.Migrations.(fstest.MapFS), "migrations/0002_step.sql")
	if err := opened(t, file(t), s, Create); err == nil || !strings.Contains(err.Error(), "migration 2: want one file, have 0") {
		t.Errorf("Open: %v", err)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
