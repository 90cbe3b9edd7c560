package admin

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/audit"
)

func TestFirstSyncAndTheNext(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{"name": "A"}), set("queue", "b", Body{}), set("queue-group", "g", Body{"queues": []string{"a"}}))
	f, ops := p.sync(t)
	if f.From != 0 || len(ops) != 3 {
		t.Errorf("%+v, %d ops", f, len(ops))
	}
	p.agrees(t, f)
	p.a.change(t, set("queue", "a", Body{"name": "AA"}), del("queue", "b"), set("agent", "1", Body{}))
	f, ops = p.sync(t)
	if len(ops) != 3 || f.From == 0 {
		t.Errorf("%+v, %d ops", f, len(ops))
	}
	p.agrees(t, f)
	logged, err := p.b.Set(t.Context(), f.To)
	if err != nil || logged.Verb != "sync" || len(logged.Changes) != 3 {
		t.Errorf("logged %+v, %v", logged, err)
	}
	for _, s := range []*server{p.a, p.b} {
		got, err := s.Agreements(t.Context())
		if err != nil || len(got) != 2 || got[0].To != f.To || got[0].Added != 1 || got[0].Changed != 1 || got[0].Removed != 1 {
			t.Errorf("agreements: %+v, %v", got, err)
		}
	}
	if head, err := p.a.TwinHead(t.Context(), "p1"); err != nil || head != p.b.position(t).Head {
		t.Errorf("the twin's head: %+v, %v", head, err)
	}
	if s, err := p.a.Summary(t.Context()); err != nil || s.Checked == 0 || s.Pending != 0 || s.PendingSince != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Edits on the primary while a bundle is under way stay pending.
func TestAgreeLeavesNewerEditsPending(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}))
	p.sync(t)
	p.a.change(t, set("queue", "a", Body{"name": "sent"}), set("queue", "new", Body{}))
	f, ops := p.plan(t, nil)
	p.send(t, f, ops)
	p.a.change(t, set("queue", "a", Body{"name": "newer"}), del("queue", "new"), set("queue", "b", Body{"name": "newer"}))
	if _, err := p.a.Agree(t.Context(), bySync, f.To, audit.Head{}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range pendingOf(t, p.a, f.To) {
		names = append(names, x.Key)
	}
	if diff := cmp.Diff([]string{"a", "b", "new"}, names); diff != "" {
		t.Error(diff)
	}
	if s, err := p.a.Summary(t.Context()); err != nil || s.Pending != 3 || s.PendingSince == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	f, _ = p.sync(t)
	p.agrees(t, f)
}

// The secondary committed, and its answer was lost.
func TestALostAnswerIsUnderstood(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{}))
	f, ops := p.plan(t, nil)
	p.send(t, f, ops)
	sent, err := p.a.Sent(t.Context())
	at := p.b.position(t)
	if err != nil || sent == nil || sent.To != at.BaseGeneration || sent.Target != at.BaseRoot {
		t.Fatalf("sent %+v, %v; the secondary is at %+v", sent, err, at)
	}
	if _, err := p.a.Agree(t.Context(), bySync, sent.To, at.Head); err != nil {
		t.Fatal(err)
	}
	p.agrees(t, f)
	if _, err := p.a.Agree(t.Context(), bySync, sent.To, at.Head); !errors.Is(err, ErrNoGeneration) {
		t.Errorf("a second time: %v", err)
	}
	if sent, err := p.a.Sent(t.Context()); err != nil || sent != nil {
		t.Errorf("still under way: %+v, %v", sent, err)
	}
}

func TestKeptDriftStaysPendingAndEqualEditsAgree(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}))
	p.sync(t)
	emergency := ann
	emergency.OnSecondary = true
	for _, e := range []Edit{set("queue", "b", Body{"name": "drift"}), set("queue", "a", Body{"name": "same"})} {
		if _, err := p.b.Change(t.Context(), emergency, []Edit{e}, How{}); err != nil {
			t.Fatal(err)
		}
	}
	p.a.change(t, set("queue", "a", Body{"name": "same"}))
	f, ops := p.plan(t, func(Name) bool { return true })
	if len(ops) != 1 || !ops[0].Same {
		t.Errorf("%+v", ops)
	}
	p.send(t, f, ops)
	if done, err := p.a.Agree(t.Context(), bySync, f.To, audit.Head{}); err != nil || done.Same != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if got := pendingOf(t, p.b, f.To); len(got) != 1 || got[0].Key != "b" {
		t.Errorf("pending there: %+v", got)
	}
	if got := pendingOf(t, p.a, f.To); len(got) != 0 {
		t.Errorf("pending here: %+v", got)
	}
	drifted, err := p.b.Log(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	// Of the newest sets one made row a equal; the one before is the drift.
	if s, err := p.b.Summary(t.Context()); err != nil || s.PendingSince != drifted[1].At || s.Pending != 1 {
		t.Errorf("%+v, %v; the log is %+v", s, err, drifted)
	}
	f, _ = p.sync(t) // overwrites
	p.agrees(t, f)
}

// Whatever is refused leaves everything as it was.
func TestApplyRefuses(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}), set("agent", "1", Body{"aliases": []string{"x"}}))
	f0, ops0 := p.sync(t)
	p.a.change(t, set("queue", "a", Body{"name": "A"}), set("queue", "c", Body{}))
	good, goodOps := p.plan(t, nil)
	before, at := p.b.all(t), p.b.position(t)
	row := func(kind, key string, old Hash, body Body) []Op {
		return []Op{{Kind: kind, Key: key, Old: old, New: body}}
	}
	for name, c := range map[string]struct {
		standing string
		facts    func(*Facts)
		ops      []Op
		want     error
	}{
		"primary":             {"role = 'primary'", nil, nil, ErrNotSecondary},
		"alone":               {"pair = ''", nil, nil, ErrAlone},
		"another pair":        {"", func(f *Facts) { f.Pair = "p2" }, nil, ErrOtherPair},
		"older epoch":         {"epoch = 4", nil, nil, ErrEpoch},
		"far newer":           {"", func(f *Facts) { f.Catalogue += 2 }, nil, ErrCatalogue},
		"replayed":            {"", func(f *Facts) { *f = f0 }, ops0, ErrStale},
		"another base":        {"", func(f *Facts) { f.BaseRoot[0]++ }, nil, ErrStale},
		"unknown base":        {"", func(f *Facts) { f.From = f.From - 1 }, nil, ErrStale},
		"backward":            {"", func(f *Facts) { f.To = f.From }, nil, ErrStale},
		"other drift":         {"", func(f *Facts) { f.Drift[0]++ }, nil, ErrStale},
		"first, but unseen":   {"", func(f *Facts) { f.From, f.BaseRoot = 0, newMerge(nil).root() }, nil, ErrStale},
		"other target":        {"", func(f *Facts) { f.Target[0]++ }, nil, ErrRoot},
		"fewer rows":          {"", nil, goodOps[:1], ErrRoot},
		"old hash":            {"", nil, row("queue", "a", Hash{1}, Body{}), ErrConflict},
		"not there":           {"", nil, row("queue", "x", Hash{1}, nil), ErrConflict},
		"twice":               {"", nil, append(goodOps[:1:1], goodOps[0]), ErrInvalid},
		"unknown kind":        {"", nil, row("quue", "a", Hash{}, Body{}), ErrNoKind},
		"kind of a newer one": {"", func(f *Facts) { f.Catalogue++ }, row("skill", "a", Hash{}, Body{}), ErrCatalogue},
		"field of a newer":    {"", func(f *Facts) { f.Catalogue++ }, row("queue", "x", Hash{}, Body{"skill": "x"}), ErrCatalogue},
		"not valid":           {"", nil, row("queue", "x", Hash{}, Body{"name": "\x1b"}), ErrInvalid},
		"defaults said":       {"", nil, row("user", "x", Hash{}, Body{"permission": "view"}), ErrInvalid},
		"key not composed":    {"", nil, row("queue", "u\u0308", Hash{}, Body{}), ErrInvalid},
		"missing reference":   {"", nil, row("queue-group", "g", Hash{}, Body{"queues": []string{"x"}}), ErrNoRow},
		"claimed":             {"", nil, row("agent", "2", Hash{}, Body{"aliases": []string{"x"}}), ErrInvalid},
		"same, and another":   {"", nil, []Op{{Kind: "queue", Key: "x", New: Body{}, Same: true}}, ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if c.standing != "" {
				p.b.standing(t, c.standing)
				defer p.b.standing(t, `role = 'secondary', pair = 'p1', epoch = 3`)
			}
			f, ops := good, goodOps
			if c.facts != nil {
				c.facts(&f)
			}
			if c.ops != nil {
				ops = c.ops
			}
			if _, err := p.b.Apply(t.Context(), bySync, f, ops); !errors.Is(err, c.want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%v, want %v", err, c.want)
			}
			p.b.wants(t, before)
			if diff := cmp.Diff(at, p.b.position(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
	// An error at each op in turn.
	for i := range goodOps {
		ops := append([]Op(nil), goodOps...)
		ops[i].Old = Hash{9}
		if _, err := p.b.Apply(t.Context(), bySync, good, ops); !errors.Is(err, ErrConflict) {
			t.Errorf("op %d: %v", i, err)
		}
		p.b.wants(t, before)
	}
	p.send(t, good, goodOps)
}

func TestOldBasesAreKeptFiftyTimes(t *testing.T) {
	p := newPair(t)
	p.a.change(t, set("queue", "q0", Body{}))
	roots := map[int64]Root{}
	var order []int64
	for i := range 55 {
		p.a.change(t, set("queue", fmt.Sprintf("q%d", i%7), Body{"name": fmt.Sprint(i)}))
		f, _ := p.sync(t)
		roots[f.To] = f.Target
		order = append(order, f.To)
	}
	for i, g := range order {
		for _, s := range []*server{p.a, p.b} {
			root, ok, err := s.BaseAt(t.Context(), g)
			if err != nil || ok != (i >= 5) || ok && root != roots[g] {
				t.Errorf("base %d of %d: %v, %v, %v", i, g, root, ok, err)
			}
			if !ok {
				continue
			}
			err = s.Read(t.Context(), func(r *Reading) error {
				target, err := r.Target(t.Context(), g, nil)
				if target != roots[g] {
					t.Errorf("base %d unfolds to %v, not %v", i, target, roots[g])
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
}
