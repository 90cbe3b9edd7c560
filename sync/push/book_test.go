package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/bundle"
)

var byAnn = admin.Author{Actor: "ann", From: "local", Verb: "sync"}

// openBook opens an admin.db on disk, of a server in a role.
func openBook(t *testing.T, server, role, twin string) Book {
	t.Helper()
	return openBookAt(t, filepath.Join(t.TempDir(), admin.File), admin.Standing{Server: server, Role: role, Epoch: 3, Pair: "P", Twin: twin})
}

// openBookAt opens one at a path, or makes it.
func openBookAt(t *testing.T, path string, s admin.Standing) Book {
	t.Helper()
	schema := store.Schema{App: 1, Migrations: fstest.MapFS{"migrations/0001_node.sql": &fstest.MapFile{Data: []byte("CREATE TABLE beside (id INTEGER) STRICT")}}}
	beside, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "node.db"), schema, store.Create)
	if err != nil {
		t.Fatal(err)
	}
	guard := func(context.Context, *store.Tx) (admin.Standing, error) { return s, nil }
	db, err := admin.Open(t.Context(), path, store.Create, admin.Options{NodePath: beside.Path(), Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), beside.Close()); err != nil {
			t.Error(err)
		}
	})
	return Book{db}
}

// A far is the secondary's end over its admin.db, without a link between.
// Where mute is set it does what it is asked, and its answer to apply is lost;
// where lies is, its audit has everything in it that it is asked for.
type far struct {
	Book
	teller
	mute, lies     bool
	asked, applied int // for its audit, and to apply
}

func (f *far) Call(ctx context.Context, verb string, args, answer any) error {
	f.answer = func(verb string, args json.RawMessage) (any, error) { return f.reply(ctx, verb, args) }
	err := f.teller.Call(ctx, verb, args, answer)
	if f.mute && verb == bundle.VerbApply {
		f.mute = false
		return errCut
	}
	return err
}

func (f *far) reply(ctx context.Context, verb string, args json.RawMessage) (any, error) {
	switch verb {
	case bundle.VerbHello:
		var q bundle.HelloQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		return f.hello(ctx, q.Hello.Position)
	case bundle.VerbHashes:
		at, all, err := f.Edits(ctx, 0)
		return bundle.HashesAnswer{Generation: at.Generation, Rows: hashesOf(all)}, err
	case bundle.VerbRows:
		var q bundle.RowsQuestion
		var a bundle.RowsAnswer
		err := json.Unmarshal(args, &q)
		for _, n := range q.Names {
			row, _ := f.Row(ctx, n)
			a.Rows = append(a.Rows, admin.Row{Kind: n.Kind, Key: n.Key, Body: row.Body})
		}
		return a, err
	case bundle.VerbAudit:
		f.asked++
		var q bundle.AuditQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		return bundle.AuditAnswer{Held: f.lies || audit.Contains(ctx, f.Audited, q.Head) == nil}, nil
	case bundle.VerbApply:
		var q bundle.ApplyQuestion
		if err := json.Unmarshal(args, &q); err != nil {
			return nil, err
		}
		f.applied++
		b, err := bundle.Read(q.Name, q.Bytes)
		if err != nil {
			return nil, err
		}
		if _, err := f.Apply(ctx, byAnn, b.Facts(q.Bytes), b.Ops); err != nil {
			return nil, err
		}
		at, err := f.Position(ctx)
		return bundle.ApplyAnswer{Position: at, Counts: b.Counts()}, err
	}
	return nil, fmt.Errorf("verb %s", verb)
}

func (f *far) hello(ctx context.Context, asked admin.Position) (a bundle.HelloAnswer, err error) {
	_, a.Hello = hellos()
	if a.Hello.Rows, err = f.Counts(ctx); err != nil {
		return a, err
	}
	if a.Hello.Position, err = f.Position(ctx); err != nil {
		return a, err
	}
	a.Drift = bundle.DriftAnswer{Since: asked.BaseGeneration, Root: asked.BaseRoot, Generation: a.Hello.Position.Generation}
	if root, ok, err := f.BaseAt(ctx, asked.BaseGeneration); err != nil || !ok || root != asked.BaseRoot {
		a.Drift.Since, a.Drift.Root = a.Hello.Position.BaseGeneration, a.Hello.Position.BaseRoot
	}
	if a.Drift.Since == 0 {
		return a, nil
	}
	_, edits, err := f.Edits(ctx, a.Drift.Since)
	a.Drift.Edits = hashesOf(edits)
	return a, err
}

// A real pair is two files.
type realPair struct {
	near Book
	far  *far
}

func newRealPair(t *testing.T) *realPair {
	t.Helper()
	return &realPair{openBook(t, "cms-a", string(node.Primary), "cms-b"), &far{Book: openBook(t, "cms-b", string(node.Secondary), "cms-a")}}
}

func (p *realPair) pusher(o Options) *Pusher {
	who, _ := hellos()
	o.By = byAnn
	return &Pusher{Peer: p.far, Reader: p.near, Sender: p.near, Editor: p.near, Teller: p.near, Who: who, Twin: "B", Now: time.Now, Options: o}
}

func (p *realPair) run(t *testing.T, o Options) (*Plan, Result, error) {
	t.Helper()
	return p.pusher(o).Run(t.Context(), func(context.Context, *Plan) (bool, error) { return true, nil })
}

// set names a queue; "" deletes it.
func (p *realPair) set(t *testing.T, b Book, key, name string) {
	t.Helper()
	e := admin.Edit{Kind: "queue", Key: key}
	if name != "" {
		e.Body = admin.Body{"name": name}
	}
	by := admin.Author{Actor: "ann", From: "local", Verb: "admin.set", OnSecondary: b.DB == p.far.DB}
	if _, err := b.Change(t.Context(), by, []admin.Edit{e}, admin.How{}); err != nil {
		t.Fatal(err)
	}
}

func (p *realPair) names(t *testing.T, b Book) map[string]string {
	t.Helper()
	rows, err := b.Rows(t.Context(), "queue", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, r := range rows {
		names[r.Key] = r.Body.Text("name")
	}
	return names
}

func (p *realPair) wants(t *testing.T, want map[string]string) {
	t.Helper()
	for _, b := range []Book{p.near, p.far.Book} {
		if got := p.names(t, b); !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestFilesAreMadeTheSame(t *testing.T) {
	p := newRealPair(t)
	p.set(t, p.near, "1", "Sales")
	p.set(t, p.near, "2", "Help")
	if _, r, err := p.run(t, Options{}); err != nil || r.Base.First() || r.Secondary.Position.Pending != 0 {
		t.Fatalf("first: %+v, %v", r, err)
	}
	p.wants(t, map[string]string{"1": "Sales", "2": "Help"})

	p.set(t, p.near, "1", "")
	p.set(t, p.far.Book, "2", "Support")
	p.set(t, p.far.Book, "3", "Night")
	if _, _, err := p.run(t, Options{}); !errors.Is(err, ErrDrift) {
		t.Fatalf("drift: %v", err)
	}
	plan, _, err := p.run(t, Options{Choices: Choices{Drift: DriftAdopt}})
	if err != nil || len(plan.Rows) != 3 {
		t.Fatalf("adopt: %+v, %v", plan, err)
	}
	p.wants(t, map[string]string{"2": "Support", "3": "Night"})

	p.set(t, p.near, "2", "Ours")
	p.set(t, p.far.Book, "2", "")
	if _, _, err := p.run(t, Options{}); !errors.Is(err, ErrConflict) {
		t.Fatalf("conflict: %v", err)
	}
	o := Options{Choices: Choices{Resolve: map[admin.Name]Side{queue("2"): Primary}}}
	if _, _, err := p.run(t, o); err != nil {
		t.Fatalf("resolved: %v", err)
	}
	p.wants(t, map[string]string{"2": "Ours", "3": "Night"})
	if plan, r, err := p.run(t, Options{}); err != nil || !plan.Empty() || r.Bundle != (bundle.Digest{}) {
		t.Errorf("once more: %+v, %v", r, err)
	}
}

func TestALostAnswerIsUnderstood(t *testing.T) {
	p := newRealPair(t)
	p.set(t, p.near, "1", "Sales")
	p.far.mute = true
	if _, r, err := p.run(t, Options{}); err != nil || r.Base.First() {
		t.Fatalf("%+v, %v", r, err)
	}
	p.wants(t, map[string]string{"1": "Sales"})
	if facts, err := p.near.Sent(t.Context()); err != nil || facts != nil {
		t.Errorf("it is still under way: %+v, %v", facts, err)
	}
}

// The bundle whose size is shown is the one that goes, unless somebody edits
// while it is looked at: then it is made anew, and the edit waits for the next.
func TestTheBundleThatWasShownIsSent(t *testing.T) {
	p := newRealPair(t)
	for i := range 12 {
		p.set(t, p.near, "1", fmt.Sprint("Sales ", i))
		if i > 0 && i%3 == 0 {
			p.set(t, p.far.Book, "2", fmt.Sprint("Help ", i))
		}
		var shown bundle.Digest
		plan, r, err := p.pusher(Options{Choices: Choices{Drift: DriftAdopt}}).Run(t.Context(), func(_ context.Context, plan *Plan) (bool, error) {
			shown = bundle.DigestOf(plan.text)
			if i == 7 {
				p.set(t, p.near, "3", "meanwhile")
			}
			return true, nil
		})
		if err != nil || (shown == r.Bundle) == (i == 7) || i != 7 && plan.Bytes != r.Bytes {
			t.Errorf("sync %d: %s with %d bytes was shown, %+v done, %v", i, shown.Short(), plan.Bytes, r, err)
		}
	}
	p.wants(t, map[string]string{"1": "Sales 11", "2": "Help 9", "3": "meanwhile"})
}
