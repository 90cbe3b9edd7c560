package admin

import (
	"context"
	"slices"
	"testing"
)

var bySync = Author{Actor: "ann", From: "cms-a", Verb: "sync"}

// A pair is two servers, and the plainest sync between them.
type pair struct{ a, b *server }

func newPair(t *testing.T) *pair {
	t.Helper()
	return &pair{open(t, primary), open(t, secondary)}
}

// since returns the newest base that both can tell, 0 if none.
func (p *pair) since(t tb) int64 {
	t.Helper()
	a, b := p.a.position(t), p.b.position(t)
	older := min(a.BaseGeneration, b.BaseGeneration)
	roots := make([]Root, 2)
	for i, s := range []*server{p.a, p.b} {
		root, ok, err := s.BaseAt(t.Context(), older)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return 0
		}
		roots[i] = root
	}
	if roots[0] != roots[1] {
		return 0
	}
	return older
}

// plan makes the facts and ops of a sync in which the primary always wins, but
// for the drift that keep names.
func (p *pair) plan(t tb, keep func(Name) bool) (Facts, []Op) {
	t.Helper()
	ctx := t.Context()
	since := p.since(t)
	b := p.b.position(t)
	if _, err := p.a.Raise(ctx, max(b.Generation, b.BaseGeneration, p.a.position(t).BaseGeneration)); err != nil {
		t.Fatal(err)
	}
	f := Facts{Pair: "p1", Epoch: 3, Catalogue: p.a.version, From: since, Sender: "cms-a", Bundle: Root{1}, Bytes: 10, BaseRoot: newMerge(nil).root()}
	if since != 0 {
		f.BaseRoot, _, _ = p.a.BaseAt(ctx, since)
	}
	var ops []Op
	theirs := pendingOf(t, p.b, since)
	f.Drift = DriftOf(theirs)
	err := p.a.Read(ctx, func(r *Reading) error {
		ours, err := r.Pending(ctx, since, Page{Bodies: true})
		if err != nil {
			return err
		}
		if ops, err = merged(ctx, r, ours, theirs, keep); err != nil {
			return err
		}
		f.Target, err = r.Target(ctx, since, ops)
		if err != nil {
			return err
		}
		at, err := r.Position(ctx)
		f.To, f.Head = at.Generation, at.Head
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, ops
}

func pendingOf(t tb, s *server, since int64) (pending []Pending) {
	t.Helper()
	err := s.Read(t.Context(), func(r *Reading) (err error) {
		pending, err = r.Pending(t.Context(), since, Page{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

func merged(ctx context.Context, r *Reading, ours, theirs []Pending, keep func(Name) bool) ([]Op, error) {
	there := map[Name]Hash{}
	for _, p := range theirs {
		there[Name{p.Kind, p.Key}] = p.Hash
	}
	var ops []Op
	for _, p := range ours {
		n := Name{p.Kind, p.Key}
		old, both := there[n]
		if !both {
			old = p.Base
		}
		if delete(there, n); old == p.Hash {
			ops = append(ops, Op{Kind: n.Kind, Key: n.Key, Old: old, Same: true})
			continue
		}
		ops = append(ops, Op{Kind: n.Kind, Key: n.Key, Old: old, New: p.Body})
	}
	for n, old := range there {
		if keep != nil && keep(n) {
			continue
		}
		row, err := r.Row(ctx, n)
		if err != nil && row.Body != nil {
			return nil, err
		}
		ops = append(ops, Op{Kind: n.Kind, Key: n.Key, Old: old, New: row.Body})
	}
	slices.SortFunc(ops, func(a, b Op) int { return CompareShown(Name{a.Kind, a.Key}, Name{b.Kind, b.Key}) })
	return ops, nil
}

// sync makes b as a is and returns what was sent.
func (p *pair) sync(t tb) (Facts, []Op) {
	t.Helper()
	f, ops := p.plan(t, nil)
	p.send(t, f, ops)
	if _, err := p.a.Agree(t.Context(), bySync, f.To, p.b.position(t).Head); err != nil {
		t.Fatal(err)
	}
	return f, ops
}

// send does all but agree.
func (p *pair) send(t tb, f Facts, ops []Op) {
	t.Helper()
	if err := p.a.Sending(t.Context(), f, ops); err != nil {
		t.Fatal(err)
	}
	if _, err := p.b.Apply(t.Context(), bySync, f, ops); err != nil {
		t.Fatal(err)
	}
}

// agree checks that both stand at f with nothing pending.
func (p *pair) agrees(t tb, f Facts) {
	t.Helper()
	p.b.wants(t, p.a.all(t))
	for _, s := range []*server{p.a, p.b} {
		at := s.position(t)
		if at.Pending != 0 || at.BaseGeneration != f.To || at.BaseRoot != f.Target || at.Root != f.Target {
			t.Errorf("%s stands at %+v, want %+v", s.dir, at, f)
		}
	}
}
