package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
)

// begun is a pair that agreed once, and whose primary was edited since.
func begun(t *testing.T) *pair {
	t.Helper()
	p := newPair(t)
	p.a.set(t, "queue", "sales", admin.Body{"name": "Sales"})
	p.a.set(t, "queue", "help", admin.Body{})
	p.works(t)
	p.a.set(t, "queue", "sales", admin.Body{"name": "Sold"})
	p.a.set(t, "queue", "help", nil)
	p.a.set(t, "queue", "new", admin.Body{})
	return p
}

// A bundle that says what is not so is refused before anything is changed, and
// the next sync works.
func TestBundlesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bundle.Bundle)
		want   error
	}{
		"of another pair":         {func(b *bundle.Bundle) { b.Pair = "Q" }, bundle.ErrPair},
		"of nobody's name":        {func(b *bundle.Bundle) { b.Sender = "" }, bundle.ErrPair},
		"of another's name":       {func(b *bundle.Bundle) { b.Sender = "../../x" }, bundle.ErrPair},
		"of a lower epoch":        {func(b *bundle.Bundle) { b.Epoch-- }, bundle.ErrEpoch},
		"two versions newer":      {func(b *bundle.Bundle) { b.Catalogue += 2 }, bundle.ErrVersion},
		"two versions older":      {func(b *bundle.Bundle) { b.Catalogue -= 2 }, bundle.ErrVersion},
		"from a base that is not": {func(b *bundle.Bundle) { b.From--; b.To += 5 }, admin.ErrStale},
		"from another base":       {func(b *bundle.Bundle) { b.BaseRoot[0]++ }, admin.ErrStale},
		"of other drift":          {func(b *bundle.Bundle) { b.Drift[0]++ }, admin.ErrStale},
		"of an old generation":    {func(b *bundle.Bundle) { b.From, b.To = 0, 1 }, admin.ErrStale},
		"of a vast generation":    {func(b *bundle.Bundle) { b.To = 1 << 60 }, bundle.ErrUntrusted},
		"by an author in colour":  {func(b *bundle.Bundle) { b.Author = "\x1b[31m" }, bundle.ErrUntrusted},
		"by a long author":        {func(b *bundle.Bundle) { b.Author = strings.Repeat("x", 60_000) }, bundle.ErrUntrusted},
		"by nobody":               {func(b *bundle.Bundle) { b.Author = "" }, bundle.ErrUntrusted},
		"with another old row":    {func(b *bundle.Bundle) { b.Ops[0].Old[0]++ }, admin.ErrConflict},
		"with another new row":    {func(b *bundle.Bundle) { b.Ops[slices.IndexFunc(b.Ops, lives)].New = admin.Body{"name": "x"} }, admin.ErrRoot},
		"with a row less":         {func(b *bundle.Bundle) { b.Ops = b.Ops[1:] }, admin.ErrRoot},
		"with a hostile name":     {func(b *bundle.Bundle) { b.Ops[slices.IndexFunc(b.Ops, lives)].New = admin.Body{"name": "\x1b]0;x\a"} }, admin.ErrInvalid},
		"with a hostile key": {func(b *bundle.Bundle) {
			b.Ops = append(b.Ops, admin.Op{Kind: "queue", Key: "a\u202eb", New: admin.Body{}})
		}, admin.ErrInvalid},
		"with an unknown field": {func(b *bundle.Bundle) {
			b.Ops[slices.IndexFunc(b.Ops, lives)].New = admin.Body{"'; DROP TABLE row; --": "x"}
		}, admin.ErrInvalid},
		"with an unknown kind": {func(b *bundle.Bundle) {
			b.Kinds[0], b.Ops = "row", []admin.Op{{Kind: "row", Key: "x", New: admin.Body{}}}
		}, admin.ErrNoKind},
		"that refers to nothing": {func(b *bundle.Bundle) {
			b.Kinds = append(b.Kinds, "queue-group")
			b.Ops = append(b.Ops, admin.Op{Kind: "queue-group", Key: "g", New: admin.Body{"queues": []string{"none"}}})
		}, admin.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := begun(t)
			b, _ := read(t, p.capture(t))
			before, snapshots := p.b.at(t), len(same(t, p.b.dir))
			c.change(b)
			err := p.apply(t, asked(t, b))
			if !errors.Is(err, c.want) || err != nil && strings.ContainsAny(err.Error(), "\x1b\u202e\a") {
				t.Errorf("%q: want %v", err, c.want)
			}
			if p.b.at(t) != before || len(same(t, p.b.dir)) > snapshots+1 {
				t.Errorf("something was changed: %+v, %v", p.b.at(t), same(t, p.b.dir))
			}
			p.works(t)
		})
	}
}

func lives(op admin.Op) bool { return op.New != nil }

// TestOneByteIsAnother alters a bundle that rides in the verb, byte by byte, and
// one in the spool in all of its regions.
func TestOneByteIsAnother(t *testing.T) {
	p := begun(t)
	_, q := read(t, p.capture(t))
	before, dir := p.b.at(t), same(t, p.b.dir)
	for i := range q.Bytes {
		bad := q
		bad.Bytes = bytes.Clone(q.Bytes)
		bad.Bytes[i] ^= 0x40
		if err := p.apply(t, asJSON(t, bad)); !errors.Is(err, bundle.ErrBundle) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if p.b.at(t) != before || len(same(t, p.b.dir)) > len(dir)+1 {
		t.Errorf("something was changed: %v", same(t, p.b.dir))
	}
	p.works(t)

	p.a.fill(t, asFile)
	args := p.capture(t) // it lies in the spool now
	parts, err := filepath.Glob(filepath.Join(p.b.dir, "spool", "*.part"))
	if err != nil || len(parts) != 1 {
		t.Fatalf("%q, %v", parts, err)
	}
	text, err := os.ReadFile(parts[0])
	must(t, err)
	for _, at := range []int{0, 13, 14, 40, 400, len(text) / 2, len(text) - 9, len(text) - 1} {
		bad := bytes.Clone(text)
		bad[at] ^= 1
		must(t, os.WriteFile(parts[0], bad, 0o600))
		if err := p.apply(t, args); !errors.Is(err, apply.ErrIncomplete) {
			t.Errorf("byte %d in the spool: %v", at, err)
		}
	}
	p.works(t) // the piece that rotted is sent anew
}

// A bundle that was applied is answered as it was; no older one is taken.
func TestReplayedBundles(t *testing.T) {
	p := begun(t)
	old := p.capture(t)
	if err := p.apply(t, old); err != nil {
		t.Fatal(err)
	}
	at, dir := p.b.at(t), same(t, p.b.dir)
	p.b.set(t, "queue", "night", admin.Body{}) // even when rows were edited since
	drifted := p.b.at(t)
	for range 2 {
		given, err := p.h.Answer(t.Context(), bundle.VerbApply, old)
		a, _ := given.(bundle.ApplyAnswer)
		if err != nil || a.Position != drifted || a.Position.BaseRoot != at.BaseRoot || len(a.Counts) != 1 {
			t.Errorf("the same again: %+v, %v", a, err)
		}
	}
	if got := same(t, p.b.dir); len(got) != len(dir) {
		t.Errorf("that left %v", got)
	}
	p.b.set(t, "queue", "night", nil)
	p.works(t) // the primary finds out
	p.a.set(t, "queue", "more", admin.Body{})
	p.works(t)
	before := p.b.at(t)
	if err := p.apply(t, old); !errors.Is(err, admin.ErrStale) || p.b.at(t) != before {
		t.Errorf("the old one: %v", err)
	}
}

// A secondary that died between the last step of an apply and the removal of
// its bundle is rid of that with the next sync, though there is nothing to send.
func TestABundleThatWasApplied(t *testing.T) {
	p := begun(t)
	p.a.fill(t, asFile)
	args := p.capture(t) // it lies in the spool now
	parts, err := filepath.Glob(filepath.Join(p.b.dir, "spool", "*.part"))
	if err != nil || len(parts) != 1 {
		t.Fatalf("%q, %v", parts, err)
	}
	text, err := os.ReadFile(parts[0])
	must(t, err)
	must(t, p.apply(t, args))
	must(t, os.WriteFile(parts[0], text, 0o600))
	p.works(t)
}

// An answer that was lost is understood, whatever was lost.
func TestAnswersThatAreLost(t *testing.T) {
	for _, verb := range []string{bundle.VerbHello, bundle.VerbChunks, bundle.VerbApply} {
		p := begun(t)
		p.a.fill(t, asFile)
		p.lose = verb
		if _, err := p.sync(t); err != nil && !errors.Is(err, errCut) {
			t.Errorf("%s: %v", verb, err)
		}
		p.works(t)
	}
}

// Between the question and the answer the secondary is edited, switched over,
// or paired anew: what was true outside of the transaction is not inside.
func TestWhatChangesMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		change string
		want   error
	}{
		"a switch-over": {`role = 'primary'`, admin.ErrNotSecondary},
		"a promotion":   {`epoch = 4`, admin.ErrEpoch},
		"another twin":  {`pair = 'Q'`, admin.ErrOtherPair},
		"no twin":       {`pair = ''`, admin.ErrAlone},
	} {
		p := begun(t)
		args := p.capture(t)
		must(t, p.b.stand(t.Context(), c.change))
		before := p.b.at(t)
		if err := p.apply(t, args); !errors.Is(err, c.want) || p.b.at(t) != before {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		must(t, p.b.stand(t.Context(), `role = 'secondary', epoch = 3, pair = 'P'`))
		p.works(t)
	}
	p := begun(t)
	args := p.capture(t)
	p.b.set(t, "queue", "night", admin.Body{})
	before := p.b.at(t)
	if err := p.apply(t, args); !errors.Is(err, admin.ErrStale) || p.b.at(t) != before {
		t.Errorf("edited: %v", err)
	}
}

// Two apply at once: one of them does it, and the other one finds it done. One
// that never ends holds the others up for some seconds.
func TestTwoAtOnce(t *testing.T) {
	p := begun(t)
	args := p.capture(t)
	second, err := openServer(t.Context(), p.b.dir, node.Secondary) // as another process would
	must(t, err)
	defer func() { must(t, second.close()) }()
	errs := make([]error, 6)
	var all sync.WaitGroup
	for i := range errs {
		h := p.h
		if i%2 == 1 {
			h = second.handler()
		}
		all.Go(func() { _, errs[i] = h.Answer(context.Background(), bundle.VerbApply, args) })
	}
	all.Wait()
	must(t, errors.Join(errs...))
	if sets, err := p.b.Agreements(t.Context()); err != nil || len(sets) != 2 {
		t.Errorf("it was applied more than once: %+v, %v", sets, err)
	}
	p.works(t)

	p.a.set(t, "queue", "more", admin.Body{})
	args = p.capture(t)
	frozen, err := os.Open(filepath.Join(p.b.dir, "snapshots"))
	must(t, err)
	must(t, unix.Flock(int(frozen.Fd()), unix.LOCK_EX))
	before := p.b.at(t)
	ask := asJSON(t, bundle.HelloQuestion{Hello: p.a.who})
	for verb, args := range map[string]json.RawMessage{bundle.VerbApply: args, bundle.VerbHello: ask} {
		all.Go(func() {
			if _, err := p.h.Answer(context.Background(), verb, args); !errors.Is(err, apply.ErrBusy) {
				t.Errorf("%s beside one that is frozen: %v", verb, err)
			}
		})
	}
	all.Wait()
	must(t, frozen.Close())
	if p.b.at(t) != before {
		t.Error("something was changed")
	}
	p.works(t)
}

// What stands in the place of the snapshots is neither followed nor written to.
func TestOddSnapshots(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a file":         func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a link":         func(path string) error { return os.Symlink(os.TempDir(), path) },
		"open to others": func(path string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o755)) },
	} {
		p := newPair(t)
		p.a.set(t, "queue", "sales", admin.Body{})
		path := filepath.Join(p.b.dir, "snapshots")
		must(t, make(path))
		if _, err := p.sync(t); !errors.Is(err, apply.ErrOdd) || p.b.at(t).Generation != 0 {
			t.Errorf("%s: %v", name, err)
		}
		must(t, os.RemoveAll(path))
		p.works(t)
	}
}

func TestADiskThatIsNearlyFull(t *testing.T) {
	p := begun(t)
	before, dir := p.b.at(t), same(t, p.b.dir)
	p.h.Spare = 1 << 60
	if _, err := p.sync(t); !errors.Is(err, store.ErrFull) {
		t.Errorf("within the verb: %v", err)
	}
	p.a.fill(t, asFile)
	if _, err := p.sync(t); !errors.Is(err, store.ErrFull) {
		t.Errorf("as a file: %v", err)
	}
	if got := same(t, p.b.dir); p.b.at(t) != before || len(got) != len(dir) {
		t.Errorf("something was changed: %v", got)
	}
	p.h.Spare = 0
	p.works(t)
}
