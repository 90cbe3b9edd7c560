package apply_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/push"
)

// tb is what tests and property tests have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Context() context.Context
}

var byAnn = admin.Author{Actor: "ann", From: "local", Verb: "sync"}

// A server is an admin.db with a file beside it that tells its standing.
type server struct {
	*admin.DB
	beside *store.DB
	dir    string
	who    bundle.Hello
}

func guard(ctx context.Context, tx *store.Tx) (s admin.Standing, err error) {
	err = tx.QueryRowContext(ctx, `SELECT server, role, epoch, pair FROM node.standing`).Scan(&s.Server, &s.Role, &s.Epoch, &s.Pair)
	return s, err
}

func openServer(ctx context.Context, dir string, role node.Role) (*server, error) {
	s := &server{dir: dir, who: bundle.Hello{Server: "A", Name: "cms-a", Pair: "P", Role: role, Epoch: 3}}
	if role == node.Secondary {
		s.who.Server, s.who.Name = "B", "cms-b"
	}
	schema := store.Schema{App: 1, Migrations: fstest.MapFS{"migrations/0001_node.sql": &fstest.MapFile{Data: []byte(`
		CREATE TABLE standing (server TEXT, role TEXT, epoch INTEGER, pair TEXT) STRICT;
		INSERT INTO standing VALUES ('cms-a', 'primary', 3, 'P')`)}}}
	var err error
	if s.beside, err = store.Open(ctx, filepath.Join(dir, "node.db"), schema, store.Create); err != nil {
		return nil, err
	}
	if err := s.stand(ctx, fmt.Sprintf(`server = '%s', role = '%s'`, s.who.Name, role)); err != nil {
		return nil, err
	}
	s.DB, err = admin.Open(ctx, filepath.Join(dir, admin.File), store.Create, admin.Options{NodePath: s.beside.Path(), Guard: guard})
	return s, err
}

func (s *server) stand(ctx context.Context, set string) error {
	return s.beside.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE standing SET `+set)
		return err
	})
}

func (s *server) close() error { return errors.Join(s.DB.Close(), s.beside.Close()) }

// handler is the secondary's end.
func (s *server) handler() apply.Handler {
	return apply.Handler{DB: s.DB, Dir: s.dir, Who: s.who, Twin: apply.Twin{Server: "A", Name: "cms-a"}, Now: time.Now}
}

func (s *server) set(t tb, kind, key string, body admin.Body) {
	t.Helper()
	by := admin.Author{Actor: "ann", From: "local", Verb: "admin.set", OnSecondary: s.who.Role == node.Secondary}
	if _, err := s.Change(t.Context(), by, []admin.Edit{{Kind: kind, Key: key, Body: body}}, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

// asFile is how many of the queues of fill are too large to ride in the verb.
const asFile = bundle.Inline/wordBytes + 100

// wordBytes is what the name of such a queue says at least, however packed.
const wordBytes = 180

// fill sets so many queues, with names as long as they may be, in words that do
// not pack.
func (s *server) fill(t tb, n int) {
	t.Helper()
	edits := make([]admin.Edit, n)
	var word [wordBytes]byte
	for i := range edits {
		for at := range word {
			word[at] = byte(rand.Uint32())
		}
		name := "queue " + base64.RawURLEncoding.EncodeToString(word[:])
		edits[i] = admin.Edit{Kind: "queue", Key: fmt.Sprintf("q%05d", i), Body: admin.Body{"name": name}}
	}
	by := admin.Author{Actor: "ann", From: "local", Verb: "admin.set"}
	if _, err := s.Change(t.Context(), by, edits, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

func (s *server) at(t tb) admin.Position {
	t.Helper()
	p, err := s.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A pair is a primary with the real sender, a secondary with the real taker,
// and between them JSON and a tree, but no link.
type pair struct {
	a, b *server
	h    apply.Handler
	over func(verb string, args json.RawMessage) error // before a verb is answered; may be nil
	lose string                                        // the verb whose next answer is lost
	held json.RawMessage                               // what the last apply asked for
	how  push.Options
}

var errCut = errors.New("the link is cut")

func newPair(t testing.TB) *pair {
	t.Helper()
	p := &pair{}
	for role, s := range map[node.Role]**server{node.Primary: &p.a, node.Secondary: &p.b} {
		var err error
		if *s, err = openServer(t.Context(), t.TempDir(), role); err != nil {
			t.Fatal(err)
		}
		opened := s
		t.Cleanup(func() {
			if err := (*opened).close(); err != nil {
				t.Error(err)
			}
		})
	}
	p.h = p.b.handler()
	return p
}

func (p *pair) Call(ctx context.Context, verb string, args, answer any) error {
	text, err := json.Marshal(args)
	if err != nil {
		return err
	}
	if verb == bundle.VerbApply {
		p.held = text
	}
	if p.over != nil {
		if err := p.over(verb, text); err != nil {
			return err
		}
	}
	given, err := p.h.Answer(ctx, verb, text)
	if err != nil {
		return err
	}
	if p.lose == verb {
		p.lose = ""
		return errCut
	}
	if text, err = json.Marshal(given); err != nil {
		return err
	}
	if len(text) > 1<<20 {
		return fmt.Errorf("an answer of %d bytes is no frame", len(text))
	}
	return json.Unmarshal(text, answer)
}

func (p *pair) Put(_ context.Context, path string, from io.ReaderAt, size int64) error {
	u, err := p.h.Create(path)
	if err != nil {
		return err
	}
	b := make([]byte, size)
	if _, err = from.ReadAt(b, 0); err == nil || errors.Is(err, io.EOF) {
		_, err = u.WriteAt(b, 0)
	}
	return errors.Join(err, u.Close())
}

func (p *pair) sync(t tb) (push.Result, error) {
	t.Helper()
	p.how.By = byAnn
	book := push.Book{DB: p.a.DB}
	pusher := &push.Pusher{Peer: p, Reader: book, Sender: book, Editor: book, Teller: book, Who: p.a.who, Twin: "B", Now: time.Now, Options: p.how}
	_, r, err := pusher.Run(t.Context(), func(context.Context, *push.Plan) (bool, error) { return true, nil })
	return r, err
}

// works syncs, and demands that both are the same then, with nothing left over.
func (p *pair) works(t tb) {
	t.Helper()
	if _, err := p.sync(t); err != nil {
		t.Fatal(err)
	}
	a, b := p.a.at(t), p.b.at(t)
	if a.Root != b.Root || a.BaseRoot != b.Root || b.BaseRoot != b.Root || a.BaseGeneration != b.BaseGeneration || b.Pending != 0 {
		t.Fatalf("they stand at %+v and %+v", a, b)
	}
	p.tidy(t, true)
}

// tidy holds what lies beside admin.db against the limits.
func (p *pair) tidy(t tb, done bool) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(p.b.dir, "spool", "*"))
	snapshots, also := filepath.Glob(filepath.Join(p.b.dir, "snapshots", "*"))
	if err = errors.Join(err, also); err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, s := range snapshots {
		if strings.HasSuffix(s, ".db") {
			whole++
		}
	}
	switch {
	case len(parts) > apply.MaxBundles || whole > apply.Snapshots || len(snapshots) > whole+2: // one that is being made, and its journal
		t.Fatalf("beyond the limits: %q, %q", parts, snapshots)
	case done && len(parts) > 0 || done && len(snapshots) > whole:
		t.Fatalf("left over: %q, %q", parts, snapshots)
	}
}

// capture makes the next bundle and returns what would have applied it.
func (p *pair) capture(t tb) json.RawMessage {
	t.Helper()
	over := p.over
	p.over = func(verb string, _ json.RawMessage) error {
		if verb == bundle.VerbApply {
			return errCut
		}
		return nil
	}
	if _, err := p.sync(t); !errors.Is(err, errCut) {
		t.Fatalf("it was not to be applied: %v", err)
	}
	p.over = over
	return p.held
}

// read returns a bundle that rides in its verb.
func read(t tb, args json.RawMessage) (*bundle.Bundle, bundle.ApplyQuestion) {
	t.Helper()
	var q bundle.ApplyQuestion
	if err := json.Unmarshal(args, &q); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Read(q.Name, q.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return b, q
}

// asked is what applies a bundle.
func asked(t tb, b *bundle.Bundle) json.RawMessage {
	t.Helper()
	text, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return asJSON(t, bundle.ApplyQuestion{Name: bundle.DigestOf(text), Bytes: text, From: "local"})
}

func asJSON(t tb, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *pair) apply(t tb, args json.RawMessage) error {
	t.Helper()
	_, err := p.h.Answer(t.Context(), bundle.VerbApply, args)
	return err
}

// same returns everything that lies in a directory, with sizes, but for what
// the databases keep for themselves.
func same(t tb, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for _, under := range []string{"spool", "snapshots"} {
		entries, err := os.ReadDir(filepath.Join(dir, under))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			found[under+"/"+e.Name()] = info.Size()
		}
	}
	return maps.Clone(found)
}
