package admin

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/store"
)

// ann changes things.
var ann = Author{Actor: "ann", From: "local", Verb: "admin.set"}

// A server is an admin.db with a file beside it that tells its standing, as
// node.db does.
type server struct {
	*DB
	node *store.DB
	dir  string
}

// tb is what tests and property tests have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Context() context.Context
}

func guard(ctx context.Context, tx *store.Tx) (s Standing, err error) {
	err = tx.QueryRowContext(ctx, `SELECT server, role, epoch, pair, twin FROM node.standing`).
		Scan(&s.Server, &s.Role, &s.Epoch, &s.Pair, &s.Twin)
	return s, err
}

func newServer(t tb, dir, role string) *server {
	t.Helper()
	schema := store.Schema{App: 1, Migrations: fstest.MapFS{"migrations/0001_node.sql": &fstest.MapFile{Data: []byte(`
		CREATE TABLE standing (server TEXT, role TEXT, epoch INTEGER, pair TEXT, twin TEXT) STRICT;
		INSERT INTO standing VALUES ('cms-a', 'primary', 3, 'p1', 'cms-b')`)}}}
	s := &server{dir: dir}
	var err error
	if s.node, err = store.Open(t.Context(), filepath.Join(dir, "node.db"), schema, store.Create); err != nil {
		t.Fatal(err)
	}
	if role == secondary {
		s.standing(t, `server = 'cms-b', role = 'secondary', twin = 'cms-a'`)
	}
	s.DB, err = Open(t.Context(), filepath.Join(dir, File), store.Create, Options{s.node.Path(), guard})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open returns a server that is closed with the test.
func open(t *testing.T, role string) *server {
	t.Helper()
	s := newServer(t, t.TempDir(), role)
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *server) close(t tb) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := s.node.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func (s *server) standing(t tb, set string) {
	t.Helper()
	err := s.node.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE standing SET `+set)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// set is an edit.
func set(kind, key string, body Body) Edit { return Edit{Kind: kind, Key: key, Body: body} }

func del(kind, key string) Edit { return Edit{Kind: kind, Key: key} }

func (s *server) change(t tb, edits ...Edit) Set {
	t.Helper()
	done, err := s.Change(t.Context(), ann, edits, How{})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// all returns every row by KIND/KEY.
func (s *server) all(t tb) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := s.db.View(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.QueryContext(t.Context(), `SELECT kind || '/' || key, body FROM row WHERE hash IS NOT NULL`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, body string
			if err := rows.Scan(&name, &body); err != nil {
				return err
			}
			found[name] = body
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wants compares all rows.
func (s *server) wants(t tb, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, s.all(t)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func (s *server) position(t tb) Position {
	t.Helper()
	p, err := s.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs statements beside the package's own.
func (s *server) run(t tb, statements ...string) error {
	t.Helper()
	return s.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, q := range statements {
			if _, err := tx.ExecContext(t.Context(), q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	})
}
