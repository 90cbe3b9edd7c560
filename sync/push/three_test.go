package push

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/sync/bundle"
)

// h returns the hash of a row that says text; "" is no row.
func h(text string) admin.Hash {
	if text == "" {
		return admin.Hash{}
	}
	return admin.Row{Kind: "queue", Key: "k", Body: said(text)}.Hash()
}

func said(text string) admin.Body {
	if text == "" {
		return nil
	}
	return admin.Body{"title": text}
}

func edited(key, base, now string) bundle.Edited {
	return bundle.Edited{Name: admin.Name{Kind: "queue", Key: key}, Base: h(base), Hash: h(now)}
}

// TestEveryDecision goes through each base, each state of both sides and each
// choice, against the rule in its own words.
func TestEveryDecision(t *testing.T) {
	key := admin.Name{Kind: "queue", Key: "k"}
	cases := 0
	for _, base := range []string{"", "base"} {
		for _, ours := range []string{"", "base", "one", "two"} {
			for _, theirs := range []string{"", "base", "one", "two"} {
				for _, drift := range []Drift{DriftStop, DriftKeep, DriftOverwrite, DriftAdopt} {
					for _, side := range []Side{"", Primary, Secondary} {
						for _, first := range []bool{false, true} {
							if first && base != "" {
								continue
							}
							cases++
							c := Choices{Drift: drift, Resolve: map[admin.Name]Side{key: side}}
							got := decideOne(t, [3]string{base, ours, theirs}, first, c)
							finding, action := rule(base, ours, theirs, first, c)
							if got.Finding != finding || got.Action != action {
								t.Errorf("base %q, ours %q, theirs %q, drift %q, resolve %q, first %t: %s, %s: want %s, %s",
									base, ours, theirs, drift, side, first, got.Finding, got.Action, finding, action)
							}
						}
					}
				}
			}
		}
	}
	if want := 16*12*2 + 16*12; cases != want {
		t.Errorf("%d cases, want %d", cases, want)
	}
}

func decideOne(t *testing.T, state [3]string, first bool, c Choices) Decision {
	t.Helper()
	var ours, theirs []bundle.Edited
	if state[1] != state[0] {
		ours = append(ours, edited("k", state[0], state[1]))
	}
	if state[2] != state[0] {
		theirs = append(theirs, edited("k", state[0], state[2]))
	}
	all := Decide(ours, theirs, first, c)
	switch {
	case len(all) == 0:
		return Decision{}
	case len(all) > 1:
		t.Fatalf("%d decisions about one row", len(all))
	case all[0].Base != h(state[0]) || all[0].Ours != h(state[1]) || all[0].Theirs != h(state[2]):
		t.Errorf("%q: the decision tells %+v", state, all[0])
	}
	return all[0]
}

func rule(base, ours, theirs string, first bool, c Choices) (Finding, Action) {
	drift := map[Drift]Action{DriftStop: Stop, DriftKeep: Keep, DriftOverwrite: Push, DriftAdopt: Adopt}[c.Drift]
	conflict := Stop
	for _, side := range c.Resolve {
		conflict = map[Side]Action{"": Stop, Primary: Push, Secondary: Adopt}[side]
	}
	changed, there := ours != base, theirs != base
	switch {
	case !changed && !there:
		return "", ""
	case changed && !there:
		return Edited, Push
	case !changed && there && first:
		return Conflicting, conflict
	case !changed && there:
		return Drifted, drift
	case ours == theirs:
		return Equal, Agree
	default: // deleted on one and edited on the other is one too
		return Conflicting, conflict
	}
}

// A pair is a drawn world: what both sides hold, and their base. Text "" is no row.
type pair struct{ base, ours, theirs map[admin.Name]string }

func drawPair(t *rapid.T) pair {
	p := pair{map[admin.Name]string{}, map[admin.Name]string{}, map[admin.Name]string{}}
	text := rapid.SampledFrom([]string{"", "a", "b", "c"})
	for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
		name := admin.Name{Kind: rapid.SampledFrom([]string{"queue", "agent", "user"}).Draw(t, "kind"), Key: fmt.Sprint(i)}
		p.base[name] = text.Draw(t, "base")
		p.ours[name], p.theirs[name] = p.base[name], p.base[name]
		if rapid.Bool().Draw(t, "edit ours") {
			p.ours[name] = text.Draw(t, "ours")
		}
		if rapid.Bool().Draw(t, "edit theirs") {
			p.theirs[name] = text.Draw(t, "theirs")
		}
	}
	return p
}

func row(name admin.Name, text string) admin.Hash {
	return admin.Row{Kind: name.Kind, Key: name.Key, Body: said(text)}.Hash()
}

// edits returns what differs from the base, as either side tells it.
func (p pair) edits(side map[admin.Name]string) []bundle.Edited {
	var all []bundle.Edited
	for name, text := range side {
		if text != p.base[name] {
			all = append(all, bundle.Edited{Name: name, Base: row(name, p.base[name]), Hash: row(name, text)})
		}
	}
	return all
}

func (p pair) decide(c Choices) []Decision {
	return Decide(p.edits(p.ours), p.edits(p.theirs), false, c)
}

func (p pair) clone() pair { return pair{maps.Clone(p.base), maps.Clone(p.ours), maps.Clone(p.theirs)} }

// carry does what a plan says on both sides, and refuses what does not fit.
func (p pair) carry(t *rapid.T, decisions []Decision) pair {
	is := p.clone()
	for _, e := range Adoptions(decisions, func(n admin.Name) admin.Body { return said(p.theirs[n]) }) {
		name := admin.Name{Kind: e.Kind, Key: e.Key}
		if *e.Old != row(name, is.ours[name]) {
			t.Fatalf("%s is not what the adoption expects", name)
		}
		is.ours[name] = e.Body.Text("title")
	}
	seen := map[admin.Name]bool{}
	for _, op := range Ops(decisions, func(n admin.Name) admin.Body { return said(is.ours[n]) }) {
		name := admin.Name{Kind: op.Kind, Key: op.Key}
		if op.Old != row(name, is.theirs[name]) || seen[name] {
			t.Fatalf("%s is not what the op expects, or there twice", name)
		}
		seen[name] = true
		if !op.Same {
			is.theirs[name] = op.New.Text("title")
		}
		is.base[name] = is.theirs[name]
		if op.Hash() != row(name, is.base[name]) || is.base[name] != is.ours[name] {
			t.Fatalf("%s does not end alike on both", name)
		}
	}
	return is
}

func drawChoices(t *rapid.T, p pair) Choices {
	c := Choices{
		Drift:   rapid.SampledFrom([]Drift{DriftStop, DriftKeep, DriftOverwrite, DriftAdopt}).Draw(t, "drift"),
		Resolve: map[admin.Name]Side{},
	}
	names := slices.SortedFunc(maps.Keys(p.base), admin.Name.Compare)
	left := map[admin.Name]bool{}
	for _, name := range names {
		if rapid.IntRange(0, 3).Draw(t, "left out") == 0 {
			left[name] = true
		}
		if side := rapid.SampledFrom([]Side{"", Primary, Secondary}).Draw(t, "resolve"); side != "" {
			c.Resolve[name] = side
		}
	}
	if rapid.Bool().Draw(t, "only") {
		c.Only = left
	} else {
		c.Except = left
	}
	return c
}

// leaves reports whether the choices leave a row out, in other words.
func leaves(c Choices, name admin.Name) bool {
	return c.Except[name] || len(c.Only) > 0 && !c.Only[name]
}

func TestNoEditIsLostThatWasNotShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		c := drawChoices(t, p)
		decisions := p.decide(c)
		shown := map[admin.Name]Decision{}
		for _, d := range decisions {
			shown[d.Name] = d
		}
		is := p.carry(t, decisions)
		for name := range p.base {
			d, ok := shown[name]
			if ok && leaves(c, name) != (d.Action == Leave) {
				t.Fatalf("%s is %s, with %+v", name, d.Action, c)
			}
			base, ours, theirs := p.base[name], p.ours[name], p.theirs[name]
			if !ok && (ours != base || theirs != base) {
				t.Fatalf("%s was edited and not shown", name)
			}
			// What a side edited stands there still, or a person chose the other.
			chose := c.Drift
			if ours != base && is.ours[name] != ours && c.Resolve[name] != Secondary {
				t.Fatalf("%s: the primary's %q became %q", name, ours, is.ours[name])
			}
			if theirs != base && is.theirs[name] != theirs && (d.Finding == Drifted && chose != DriftOverwrite || d.Finding == Conflicting && c.Resolve[name] != Primary) {
				t.Fatalf("%s: the secondary's %q became %q", name, theirs, is.theirs[name])
			}
			if d.Action == Adopt && is.ours[name] != theirs {
				t.Fatalf("%s: %q was not adopted", name, theirs)
			}
			if moved := is.theirs[name] != theirs; moved != (d.There() != None) {
				t.Fatalf("%s: %q on the secondary became %q, and is shown as %q", name, theirs, is.theirs[name], d.There())
			}
			if moved := is.ours[name] != ours; moved != (d.Here() != None) {
				t.Fatalf("%s: %q on the primary became %q, and is shown as %q", name, ours, is.ours[name], d.Here())
			}
			if agreed, ok := d.Agreed(); ok && agreed != row(name, is.base[name]) || !ok && is.base[name] != base {
				t.Fatalf("%s: the base became %q", name, is.base[name])
			}
		}
		again(t, is, c, shown)
	})
}

// again holds that a second sync finds nothing but what was left to stand.
func again(t *rapid.T, is pair, c Choices, shown map[admin.Name]Decision) {
	for _, d := range is.decide(c) {
		was := shown[d.Name]
		if was.Action != Keep && was.Action != Stop && was.Action != Leave || d.Action != was.Action || d.Finding != was.Finding {
			t.Fatalf("%s was %s, %s; now it is %s, %s", d.Name, was.Finding, was.Action, d.Finding, d.Action)
		}
	}
	for name, d := range shown {
		if (d.Action == Keep || d.Action == Leave) && (row(name, is.theirs[name]) != d.Theirs || row(name, is.ours[name]) != d.Ours) {
			t.Fatalf("%s was to stay as it is", name)
		}
	}
}

// TestLeft holds what a name without a key leaves out, and that rows that are left
// out neither stop a sync nor go.
func TestLeft(t *testing.T) {
	ours := []bundle.Edited{edited("a", "", "A"), edited("b", "B", "C")}
	theirs := []bundle.Edited{edited("b", "B", "D"), {Name: admin.Name{Kind: "user", Key: "a"}, Hash: h("E")}}
	set := func(names ...admin.Name) map[admin.Name]bool {
		all := map[admin.Name]bool{}
		for _, n := range names {
			all[n] = true
		}
		return all
	}
	kind := admin.Name{Kind: "queue"}
	for _, tt := range []struct {
		c      Choices
		want   []Action // of queue/a, queue/b, user/a
		absent int
	}{
		{Choices{}, []Action{Push, Stop, Stop}, 0},
		{Choices{Only: set(queue("a"))}, []Action{Push, Leave, Leave}, 0},
		{Choices{Only: set(kind)}, []Action{Push, Stop, Leave}, 0},
		{Choices{Except: set(kind)}, []Action{Leave, Leave, Stop}, 0},
		{Choices{Only: set(kind), Except: set(queue("b"), queue("z"))}, []Action{Push, Leave, Leave}, 1},
		{Choices{Only: set(admin.Name{Kind: "agent"})}, []Action{Leave, Leave, Leave}, 1},
	} {
		decisions := Decide(ours, theirs, false, tt.c)
		var got []Action
		for _, d := range decisions {
			got = append(got, d.Action)
		}
		if !slices.Equal(got, tt.want) || len(absent(decisions, tt.c)) != tt.absent {
			t.Errorf("%+v: %v and %v absent, want %v and %d", tt.c, got, absent(decisions, tt.c), tt.want, tt.absent)
		}
	}
}

func TestChoicesAreRead(t *testing.T) {
	for _, s := range []string{"", "keep", "overwrite", "adopt"} {
		if d, err := ParseDrift(s); err != nil || string(d) != s {
			t.Errorf("%q: %q, %v", s, d, err)
		}
	}
	for _, s := range []string{"primary", "secondary"} {
		if d, err := ParseSide(s); err != nil || string(d) != s {
			t.Errorf("%q: %q, %v", s, d, err)
		}
	}
	if _, err := ParseDrift("Keep"); err == nil {
		t.Error("Keep is read")
	}
	if _, err := ParseSide(""); err == nil {
		t.Error("no side is read")
	}
}
