package admin

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/store"
)

func (s *server) attempt(t *testing.T) Attempt {
	t.Helper()
	sum, err := s.Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sum.Attempt
}

func TestAnAttemptStandsUntilTheNext(t *testing.T) {
	s := open(t, primary)
	if got := s.attempt(t); got != (Attempt{}) {
		t.Errorf("before any: %+v", got)
	}
	s.change(t, set("queue", "a", Body{}))
	for _, c := range []struct {
		conflicts int64
		why       error
		want      string
	}{
		{0, nil, ""},
		{2, errors.New("edited on both"), "edited on both"},
		{0, errors.New("unreachable"), "unreachable"},
		{0, nil, ""},
	} {
		if err := s.Attempted(t.Context(), c.conflicts, c.why); err != nil {
			t.Fatal(err)
		}
		got := s.attempt(t)
		if stands := c.why != nil; got.Err != c.want || got.Conflicts != c.conflicts || stands != (got.At != 0) || stands != (got.Generation == 1) {
			t.Errorf("%v: %+v", c.why, got)
		}
	}
}

// Why a sync failed may be the twin's words: they are kept inert, and not all.
func TestWhyASyncFailedIsInertAndShort(t *testing.T) {
	s := open(t, primary)
	for _, text := range []string{"a\x1b[2J\nb", strings.Repeat("é", 5000), "x" + strings.Repeat("日本", 5000), strings.Repeat("\u202e", 900)} {
		if err := s.Attempted(t.Context(), 0, errors.New(text)); err != nil {
			t.Fatal(err)
		}
		got := s.attempt(t).Err
		if inert.Text(got) != got || len(got) > maxReason || !utf8.ValidString(got) || got == "" {
			t.Errorf("%.20q: %q", text, got)
		}
	}
}

// A file of a version before is brought up to date by whoever may, and keeps
// its rows.
func TestAFileOfBeforeIsMigrated(t *testing.T) {
	s := newServer(t, t.TempDir(), primary)
	text, err := fs.ReadFile(migrations, "migrations/0001_admin.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := store.Schema{
		App: app, Migrations: fstest.MapFS{"migrations/0001_admin.sql": &fstest.MapFile{Data: text}},
		Beside: store.Beside{Name: "node", Path: s.node.Path()},
	}
	path := filepath.Join(t.TempDir(), File)
	made, err := store.Open(t.Context(), path, old, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	before := &server{DB: &DB{made, guard, newCatalogue()}, node: s.node}
	before.change(t, set("queue", "a", Body{}))
	if err := errors.Join(made.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, store.Use, Options{s.node.Path(), guard}); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("a verb: %v", err)
	}
	if s.DB, err = Open(t.Context(), path, store.Migrate, Options{s.node.Path(), guard}); err != nil {
		t.Fatal(err)
	}
	defer s.close(t)
	if got := s.attempt(t); got != (Attempt{}) || len(s.all(t)) != 1 {
		t.Errorf("%+v, %v", got, s.all(t))
	}
}
