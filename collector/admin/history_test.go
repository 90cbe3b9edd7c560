package admin

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/draws"
)

// The change log is the state: folded from nothing it gives every row, and
// taken back to any generation what stood there then.
func TestTheChangeLogFoldsToTheState(t *testing.T) { foldsToTheState(t, 25) }

func foldsToTheState(t *testing.T, histories int) {
	t.Helper()
	defer draws.Percent(histories)()
	rapid.Check(t, func(rt *rapid.T) {
		s := newServer(rt, t.TempDir(), primary)
		defer s.close(rt)
		was := map[int64]map[string]string{0: {}}
		for range 4 {
			randomEdits(rt, s)
			was[s.position(rt).Generation] = s.all(rt)
		}
		now := s.position(rt).Generation
		folded := map[string]string{}
		for g := int64(1); g <= now; g++ {
			set, err := s.Set(rt.Context(), g)
			if err != nil {
				rt.Fatal(err)
			}
			fold(rt, folded, set.Changes)
			if want, ok := was[g]; ok {
				if diff := cmp.Diff(want, folded); diff != "" {
					rt.Fatalf("generation %d:\n%s", g, diff)
				}
			}
		}
		if _, err := s.Verify(rt.Context()); err != nil {
			rt.Fatal(err)
		}
		back := rapid.Int64Range(0, now).Draw(rt, "back")
		changes, err := s.Between(rt.Context(), back, now)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := s.Change(rt.Context(), ann, Inverse(changes), How{}); err != nil {
			rt.Fatal(err)
		}
		if want, ok := was[back]; ok {
			s.wants(rt, want)
		}
	})
}

func fold(t tb, rows map[string]string, changes []Change) {
	t.Helper()
	for _, c := range changes {
		name := Name{c.Kind, c.Key}.String()
		if before, ok := rows[name]; ok != (c.Before != nil) || ok && before != string(c.Before.Canonical()) {
			t.Fatalf("%s was %s, the log says %s", name, before, c.Before.Canonical())
		}
		if delete(rows, name); c.After != nil {
			rows[name] = string(c.After.Canonical())
		}
	}
}

func TestUndoReturns(t *testing.T) { undoReturns(t, 25) }

func undoReturns(t *testing.T, histories int) {
	t.Helper()
	defer draws.Percent(histories)()
	rapid.Check(t, func(rt *rapid.T) {
		s := newServer(rt, t.TempDir(), primary)
		defer s.close(rt)
		randomEdits(rt, s)
		before := s.all(rt)
		set, err := s.Change(rt.Context(), ann, rapid.SliceOfN(edits, 1, 4).Draw(rt, "edits"), How{Cascade: true})
		if err != nil || set.Generation == 0 {
			return
		}
		if _, err := s.Undo(rt.Context(), ann, set.Generation); err != nil {
			rt.Fatal(err)
		}
		s.wants(rt, before)
	})
}

// A base is what a test remembers of an agreement.
type base struct {
	root Root
	rows map[string]string
}

// Random edits on both, answers lost, bundles outdated, either server put back
// to an older copy: after each sync the secondary is what was promised, what is
// pending is the naive difference, and every base that is kept unfolds to what
// it was.
func TestSyncKeepsBothInStep(t *testing.T) { keepsBothInStep(t, 20) }

func keepsBothInStep(t *testing.T, histories int) {
	t.Helper()
	defer draws.Percent(histories)()
	rapid.Check(t, func(rt *rapid.T) {
		p := &pair{newServer(rt, t.TempDir(), primary), newServer(rt, t.TempDir(), secondary)}
		defer func() { p.a.close(rt); p.b.close(rt) }()
		bases := map[int64]base{}
		copies := map[*server]string{}
		for range rapid.IntRange(1, 8).Draw(rt, "rounds") {
			randomEdits(rt, p.a)
			if rapid.Bool().Draw(rt, "drift") {
				randomEdits(rt, p.b)
			}
			switch rapid.SampledFrom([]string{"none", "restore", "outdated"}).Draw(rt, "fault") {
			case "restore":
				p.restore(rt, copies)
			case "outdated":
				p.outdated(rt)
			}
			p.round(rt, bases)
			if s := rapid.SampledFrom([]*server{nil, p.a, p.b}).Draw(rt, "copy"); s != nil {
				copies[s] = s.copied(rt)
			}
		}
		for _, s := range []*server{p.a, p.b} {
			if _, err := s.Verify(rt.Context()); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// round syncs once, with the answer lost or not, and checks all.
func (p *pair) round(t *rapid.T, bases map[int64]base) {
	t.Helper()
	p.understand(t)
	rows := p.a.all(t)
	f, ops := p.plan(t, nil)
	p.send(t, f, ops)
	if rapid.Bool().Draw(t, "lost") {
		randomEdits(t, p.a)
	}
	p.understand(t)
	p.b.wants(t, rows)
	if at := p.b.position(t); at.Pending != 0 || at.Root != f.Target || at.BaseRoot != f.Target {
		t.Fatalf("the secondary is at %+v, promised was %+v", at, f)
	}
	bases[f.To] = base{f.Target, rows}
	for g, b := range bases {
		for _, s := range []*server{p.a, p.b} {
			s.wantsPending(t, g, b)
		}
	}
}

// understand agrees to what was applied, as the next hello does.
func (p *pair) understand(t tb) {
	t.Helper()
	sent, err := p.a.Sent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := p.b.position(t)
	if sent == nil || sent.To != at.BaseGeneration || sent.Target != at.BaseRoot {
		return
	}
	if _, err := p.a.Agree(t.Context(), bySync, sent.To, at.Head); err != nil && !errors.Is(err, ErrStale) {
		t.Fatal(err)
	}
}

// outdated sends a bundle after an edit on the secondary that its plan did not
// see. Nothing may change.
func (p *pair) outdated(t *rapid.T) {
	t.Helper()
	f, ops := p.plan(t, nil)
	at := p.b.position(t)
	randomEdits(t, p.b)
	before := p.b.position(t)
	if before.Root == at.Root {
		return
	}
	if _, err := p.b.Apply(t.Context(), bySync, f, ops); !errors.Is(err, ErrStale) {
		t.Fatalf("an outdated bundle: %v", err)
	}
	if diff := cmp.Diff(before, p.b.position(t)); diff != "" {
		t.Fatal(diff)
	}
}

// wantsPending compares with the naive difference between rows and a base, if
// that base is still kept.
func (s *server) wantsPending(t tb, generation int64, b base) {
	t.Helper()
	root, ok, err := s.BaseAt(t.Context(), generation)
	if err != nil {
		t.Fatal(err)
	}
	if !ok || root != b.root {
		return // put back to a copy that never had it
	}
	want := map[string][2]Hash{}
	now := s.all(t)
	for _, name := range namesOf(b.rows, now) {
		x, y := hashOfText(t, name, b.rows), hashOfText(t, name, now)
		if x != y {
			want[name] = [2]Hash{x, y}
		}
	}
	got := map[string][2]Hash{}
	for _, x := range pendingOf(t, s, generation) {
		got[Name{x.Kind, x.Key}.String()] = [2]Hash{x.Base, x.Hash}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("pending since %d (-want +got):\n%s", generation, diff)
	}
	err = s.Read(t.Context(), func(r *Reading) error {
		target, err := r.Target(t.Context(), generation, nil)
		if target != b.root {
			t.Errorf("base %d unfolds to %v, want %v", generation, target, b.root)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func namesOf(a, b map[string]string) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	names := []string{}
	for n := range all {
		names = append(names, n)
	}
	return names
}

func hashOfText(t tb, name string, rows map[string]string) Hash {
	t.Helper()
	text, ok := rows[name]
	if !ok {
		return Hash{}
	}
	n, err := ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	var body Body
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	return Row{n.Kind, n.Key, body}.Hash()
}

// copied makes a copy of the file and returns where it is.
func (s *server) copied(t tb) string {
	t.Helper()
	at := filepath.Join(s.dir, rand.Text())
	s.closed(t, func(path string) error { return copyFile(at, path) })
	return at
}

// restore puts one server back to its copy, if it has one.
func (p *pair) restore(t *rapid.T, copies map[*server]string) {
	t.Helper()
	for _, s := range []*server{p.a, p.b} {
		at, ok := copies[s]
		if ok && rapid.Bool().Draw(t, "this one") {
			s.closed(t, func(path string) error { return copyFile(path, at) })
			return
		}
	}
}

// closed runs fn while the file is closed and whole.
func (s *server) closed(t tb, fn func(path string) error) {
	t.Helper()
	path := filepath.Join(s.dir, File)
	err := s.Close()
	if err == nil {
		err = fn(path)
	}
	if err == nil {
		s.DB, err = Open(t.Context(), path, store.Use, Options{s.node.Path(), guard})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
