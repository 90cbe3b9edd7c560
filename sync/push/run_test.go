package push

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
)

func newWorld() *world { return &world{primary: newServer(), secondary: newServer()} }

func (w *world) pusher(o Options) *Pusher {
	who, _ := hellos()
	return &Pusher{
		Peer: w, Reader: w, Sender: w, Editor: w, Teller: w, Who: who, Twin: "B", Options: o,
		Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func (w *world) run(ctx context.Context, o Options) (*Plan, Result, error) {
	w.shown = nil
	return w.pusher(o).Run(ctx, func(_ context.Context, p *Plan) (bool, error) {
		w.shown = map[admin.Name]Row{}
		for _, r := range p.Rows {
			w.shown[r.Name] = r
		}
		return true, nil
	})
}

func TestWhoAnswersIsTheOneThatWasPaired(t *testing.T) {
	w := agreed(t)
	p := w.pusher(Options{})
	p.Twin = "C"
	if _, err := p.Plan(t.Context()); !errors.Is(err, ErrPair) {
		t.Errorf("another server: %v", err)
	}
}

func queue(key string) admin.Name { return admin.Name{Kind: "queue", Key: key} }

// agreed is a pair that agreed on two rows.
func agreed(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.primary.edit(queue("sales"), "Sales")
	w.primary.edit(queue("help"), "Help")
	if _, _, err := w.run(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(w.primary.rows, w.secondary.rows) || w.primary.base != w.secondary.base || w.primary.base.First() {
		t.Fatalf("%+v and %+v after the first sync", w.primary, w.secondary)
	}
	return w
}

func TestASecondSyncHasNothingToDo(t *testing.T) {
	w := agreed(t)
	plan, result, err := w.run(t.Context(), Options{})
	if err != nil || !plan.Empty() || len(plan.Rows) > 0 || w.applied != 1 || plan.Bytes != 0 || result.Base != w.primary.base {
		t.Errorf("%+v, %+v, %v; applied %d times", plan, result, err, w.applied)
	}
}

func TestItStopsBeforeAnythingIsChanged(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(w *world)
		o    Options
		want error
	}{
		"drift":           {func(w *world) { w.secondary.edit(queue("sales"), "Other") }, Options{}, ErrDrift},
		"a conflict":      {func(w *world) { w.primary.edit(queue("help"), "H"); w.secondary.edit(queue("help"), "") }, Options{}, ErrConflict},
		"no common base":  {func(w *world) { *w.secondary = *newServer(); w.secondary.edit(queue("x"), "X") }, Options{}, ErrFirst},
		"a first sync":    {func(w *world) { *w.secondary = *newServer(); w.secondary.edit(queue("x"), "X") }, Options{First: true}, ErrConflict},
		"never confirmed": {func(w *world) { w.primary.edit(queue("new"), "New") }, Options{}, ErrDeclined},
	} {
		w := agreed(t)
		c.edit(w)
		before := w.secondary.position()
		generation := w.primary.generation
		plan, _, err := w.pusher(c.o).Run(t.Context(), func(context.Context, *Plan) (bool, error) { return false, nil })
		if !errors.Is(err, c.want) || w.secondary.position() != before || w.primary.generation != generation {
			t.Errorf("%s: %v: want %v", name, err, c.want)
		}
		if shown := plan != nil; shown != (c.want != ErrFirst) {
			t.Errorf("%s: a plan: %t", name, shown)
		}
	}
}

func TestKeptDriftStaysDrift(t *testing.T) {
	w := agreed(t)
	w.secondary.edit(queue("sales"), "Other")
	w.primary.edit(queue("new"), "New")
	for range 2 {
		if _, _, err := w.run(t.Context(), Options{Choices: Choices{Drift: DriftKeep}}); err != nil {
			t.Fatal(err)
		}
	}
	if w.secondary.rows[queue("sales")] != "Other" || w.primary.rows[queue("sales")] != "Sales" || w.secondary.rows[queue("new")] != "New" || w.applied != 2 {
		t.Errorf("%v and %v, applied %d times", w.primary.rows, w.secondary.rows, w.applied)
	}
	if _, _, err := w.run(t.Context(), Options{}); !errors.Is(err, ErrDrift) {
		t.Errorf("asked again: %v", err)
	}
}

// TestWhatIsLeftOutStaysPending holds that a sync of some rows sends those alone,
// tells how far it has come, and that the next one finds the others as they were.
func TestWhatIsLeftOutStaysPending(t *testing.T) {
	w := agreed(t)
	w.primary.edit(queue("sales"), "Sold")
	w.primary.edit(queue("new"), "New")
	w.primary.edit(queue("help"), "")
	var told []Step
	o := Options{
		Choices:  Choices{Except: map[admin.Name]bool{queue("sales"): true, queue("help"): true}},
		Progress: func(p Progress) { told = append(told, p.Step) },
	}
	plan, _, err := w.run(t.Context(), o)
	if err != nil || plan.Left() != 2 || w.secondary.rows[queue("sales")] != "Sales" || w.secondary.rows[queue("help")] != "Help" || w.secondary.rows[queue("new")] != "New" {
		t.Fatalf("%v: %d left out, %v there", err, plan.Left(), w.secondary.rows)
	}
	if want := []Step{Sending, Sending, Applying, Reading}; !slices.Equal(told, want) {
		t.Errorf("it tells %v, want %v", told, want)
	}
	if p := w.primary.position(); p.Pending != 2 {
		t.Errorf("%d rows are pending, want 2", p.Pending)
	}
	if plan, _, err := w.run(t.Context(), o); err != nil || !plan.Empty() || len(plan.Rows) != 2 {
		t.Errorf("the same again: %+v, %v", plan, err)
	}
	if _, _, err := w.run(t.Context(), Options{}); err != nil || !maps.Equal(w.primary.rows, w.secondary.rows) {
		t.Errorf("all: %v; %v and %v", err, w.primary.rows, w.secondary.rows)
	}
}

func TestAnOlderBaseServes(t *testing.T) {
	for _, restored := range []string{"primary", "secondary"} {
		w := agreed(t)
		old := map[string]*server{"primary": w.primary, "secondary": w.secondary}[restored]
		copied := *old
		copied.rows, copied.bases = maps.Clone(old.rows), maps.Clone(old.bases)
		w.primary.edit(queue("sales"), "Newer")
		if _, _, err := w.run(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
		*old = copied
		o := Options{Choices: Choices{Drift: DriftAdopt}} // a restored primary takes over what it has lost
		plan, _, err := w.run(t.Context(), o)
		if err != nil || plan.Ground.First() || len(plan.Rows) != 1 || w.primary.rows[queue("sales")] != "Newer" || !maps.Equal(w.primary.rows, w.secondary.rows) {
			t.Errorf("%s restored: %v; %v and %v", restored, err, w.primary.rows, w.secondary.rows)
		}
		if w.primary.base != w.secondary.base {
			t.Errorf("%s restored: bases %v and %v", restored, w.primary.base, w.secondary.base)
		}
	}
}

// TestEveryStepMayBeTheLast fails each step of a sync in turn, before it is
// done and after, and then lets a sync through.
func TestEveryStepMayBeTheLast(t *testing.T) {
	for _, after := range []bool{false, true} {
		done := false
		for at := 1; !done; at++ {
			w := agreed(t)
			w.primary.edit(queue("sales"), "Sold")
			w.secondary.edit(queue("help"), "Helped")
			w.steps, w.after = at, after
			o := Options{Choices: Choices{Drift: DriftAdopt}}
			_, _, err := w.run(t.Context(), o)
			done = w.steps > 0 // it came to no fault
			if done != (err == nil) && !errors.Is(err, errFault) && !errors.Is(err, ErrUnknown) && err != nil {
				t.Errorf("step %d, after %t: %v", at, after, err)
			}
			w.steps = 0
			if _, _, err := w.run(t.Context(), o); err != nil {
				t.Fatalf("step %d, after %t, and again: %v", at, after, err)
			}
			if !maps.Equal(w.primary.rows, w.secondary.rows) || w.primary.base != w.secondary.base || len(w.lost) > 0 {
				t.Errorf("step %d, after %t: %v and %v, bases %v and %v, lost %q", at, after, w.primary.rows, w.secondary.rows, w.primary.base, w.secondary.base, w.lost)
			}
			if w.applied > 2 { // the first sync, and this one
				t.Errorf("step %d, after %t: applied %d times", at, after, w.applied)
			}
		}
	}
}

// What was cut off is sent again as the same bytes, so that the pieces of it
// which came before are not.
func TestALaterTrySendsTheSameBundle(t *testing.T) {
	w := agreed(t)
	w.primary.edit(queue("sales"), "Sold")
	confirm := func(context.Context, *Plan) (bool, error) { return true, nil }
	var names []bundle.Digest
	for i := range 3 {
		p := w.pusher(Options{})
		p.Now = func() time.Time { return time.Date(2026, 3, 1+i, 12, 0, 0, 0, time.UTC) }
		p.Peer = cutAtApply{w}
		_, result, err := p.Run(t.Context(), confirm)
		if !errors.Is(err, errFault) || result.Bundle == (bundle.Digest{}) {
			t.Fatalf("%+v, %v", result, err)
		}
		names = append(names, result.Bundle)
	}
	if names[0] != names[1] || names[1] != names[2] {
		t.Errorf("the same rows went as %v", names)
	}
}

// cutAtApply is a link that breaks before a bundle is applied.
type cutAtApply struct{ *world }

func (c cutAtApply) Call(ctx context.Context, verb string, args, answer any) error {
	if verb == bundle.VerbApply {
		return errFault
	}
	return c.world.Call(ctx, verb, args, answer)
}

// TestNothingIsLostOverManySyncs is the quick form of TestRealManySyncs.
func TestNothingIsLostOverManySyncs(t *testing.T) { rapid.Check(t, nothingIsLost) }

// nothingIsLost is a history of edits on both sides, of syncs and of faults in
// them: nothing changes that was not shown, and in the end both are the same.
func nothingIsLost(t *rapid.T) {
	w := newWorld()
	texts, keys := 0, rapid.SampledFrom([]admin.Name{queue("a"), queue("b"), queue("c"), {Kind: "user", Key: "a"}, {Kind: "agent", Key: "a"}})
	edit := func(s *server, what string) {
		texts++
		text := fmt.Sprint(texts)
		if rapid.IntRange(0, 3).Draw(t, what+" deletes") == 0 {
			text = ""
		}
		s.edit(keys.Draw(t, what), text)
	}
	for range rapid.IntRange(1, 8).Draw(t, "rounds") {
		for range rapid.IntRange(0, 3).Draw(t, "edits here") {
			edit(w.primary, "here")
		}
		for range rapid.IntRange(0, 2).Draw(t, "edits there") {
			edit(w.secondary, "there")
		}
		w.steps, w.after = rapid.IntRange(0, 14).Draw(t, "fault"), rapid.Bool().Draw(t, "after")
		at := rapid.IntRange(0, 20).Draw(t, "edited meanwhile")
		w.meanwhile = func() {
			if at--; at == 0 {
				edit(rapid.SampledFrom([]*server{w.primary, w.secondary}).Draw(t, "where"), "meanwhile")
			}
		}
		_, _, _ = w.run(t.Context(), drawOptions(t))
		if len(w.lost) > 0 {
			t.Fatalf("not shown: %q", w.lost)
		}
	}
	w.steps, w.meanwhile = 0, nil
	settle(t, w)
}

func drawOptions(t *rapid.T) Options {
	o := Options{First: rapid.Bool().Draw(t, "first"), Choices: Choices{Resolve: map[admin.Name]Side{}}}
	o.Choices.Drift = rapid.SampledFrom([]Drift{DriftStop, DriftKeep, DriftOverwrite, DriftAdopt}).Draw(t, "drift")
	for _, n := range []admin.Name{queue("a"), queue("b"), queue("c"), {Kind: "user", Key: "a"}, {Kind: "agent", Key: "a"}} {
		if side := rapid.SampledFrom([]Side{"", Primary, Secondary}).Draw(t, "resolve"); side != "" {
			o.Choices.Resolve[n] = side
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "in part") == 0 {
		o.Choices.Only = map[admin.Name]bool{queue("a"): true, {Kind: "user"}: true}
		o.Choices.Except = map[admin.Name]bool{{Kind: "agent"}: true}
	}
	return o
}

// settle syncs without faults, everything chosen, and then once more.
func settle(t *rapid.T, w *world) {
	o := drawOptions(t)
	o.First, o.Choices.Drift, o.Choices.Only, o.Choices.Except = true, DriftAdopt, nil, nil
	for _, n := range []admin.Name{queue("a"), queue("b"), queue("c"), {Kind: "user", Key: "a"}, {Kind: "agent", Key: "a"}} {
		if o.Choices.Resolve[n] == "" {
			o.Choices.Resolve[n] = Secondary
		}
	}
	if _, _, err := w.run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(w.primary.rows, w.secondary.rows) || w.primary.base != w.secondary.base || w.primary.base.Root != w.primary.rows.root() {
		t.Fatalf("they settle on %v and %v, bases %v and %v", w.primary.rows, w.secondary.rows, w.primary.base, w.secondary.base)
	}
	applied := w.applied
	if plan, _, err := w.run(t.Context(), Options{}); err != nil || !plan.Empty() || w.applied != applied || len(w.lost) > 0 {
		t.Fatalf("once more: %+v, %v; not shown: %q", plan, err, w.lost)
	}
}
