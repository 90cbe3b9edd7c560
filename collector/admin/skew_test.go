package admin

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nextCatalogue is what the next version of Twin may have: queues that say one
// thing more, and a kind more.
func nextCatalogue() catalogue {
	c := newCatalogue()
	c.version++
	q := c.kinds["queue"]
	q.Fields = append(slices.Clone(q.Fields), Field{Name: "skill", Short: "what one has to know", Type: Text, Default: "any"})
	c.kinds["queue"] = q
	c.kinds["skill"] = Kind{Name: "skill", Short: "what one may know", Fields: []Field{name()}}
	return c
}

// skewed is a pair of which one server is a version ahead, after a first sync.
func skewed(t *testing.T, ahead string) *pair {
	t.Helper()
	p := newPair(t)
	if ahead == primary {
		p.a.catalogue = nextCatalogue()
	} else {
		p.b.catalogue = nextCatalogue()
	}
	p.a.change(t, set("queue", "sales", Body{"name": "Sales"}), set("agent", "a", Body{"aliases": []string{"PJSIP/1"}}))
	f, _ := p.sync(t)
	p.agrees(t, f)
	return p
}

// Rows that say nothing new travel both ways, and are the same bytes in both
// versions.
func TestOneVersionApart(t *testing.T) {
	var roots []Root
	for _, ahead := range []string{primary, secondary} {
		p := skewed(t, ahead)
		p.a.change(t, set("queue", "sales", Body{"name": "Sold", "service_level": int64(20)}), set("queue", "help", Body{}), del("agent", "a"))
		f, ops := p.sync(t)
		if p.agrees(t, f); len(ops) != 3 {
			t.Errorf("%s ahead: %d rows went", ahead, len(ops))
		}
		if a, b := p.a.position(t), p.b.position(t); a.Catalogue == b.Catalogue {
			t.Errorf("both tell version %d", a.Catalogue)
		}
		roots = append(roots, f.Target)
	}
	if roots[0] != roots[1] {
		t.Errorf("the rows hash to %v", roots)
	}
}

// What is at its default is left out: a newer server that says so expressly
// sends what the older one knows.
func TestANewFieldAtItsDefaultTravels(t *testing.T) {
	p := skewed(t, primary)
	p.a.change(t, set("queue", "help", Body{"skill": "any", "name": "Help"}))
	f, _ := p.sync(t)
	p.agrees(t, f)
}

func TestWhatTheOlderCannotCheckIsRefusedWhole(t *testing.T) {
	for name, c := range map[string]struct {
		edit, undo Edit
		says       []string
	}{
		"a field": {set("queue", "help", Body{"skill": "French"}), set("queue", "help", Body{}), []string{"queue/help", `"skill"`}},
		"a kind":  {set("skill", "french", Body{}), del("skill", "french"), []string{"skill/french"}},
	} {
		p := skewed(t, primary)
		p.a.change(t, set("agent", "b", Body{}), c.edit)
		rows, at := p.b.all(t), p.b.position(t)
		f, ops := p.plan(t, nil)
		_, err := p.b.Apply(t.Context(), bySync, f, ops)
		if !errors.Is(err, ErrCatalogue) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, word := range c.says {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not name %s", name, err, word)
			}
		}
		if diff := cmp.Diff(at, p.b.position(t)); diff != "" {
			t.Errorf("%s: it stands elsewhere (-was +is)\n%s", name, diff)
		}
		p.b.wants(t, rows)
		p.a.change(t, c.undo)
		f, _ = p.sync(t)
		p.agrees(t, f)
	}
}

// An older primary makes of a row that was edited on a newer secondary what it
// shall be, or lets it be; it adopts nothing that it cannot check.
func TestAnOlderPrimaryAndWhatANewerSecondarySays(t *testing.T) {
	drifted := func() *pair {
		p := skewed(t, secondary)
		onSecondary := ann
		onSecondary.OnSecondary = true
		if _, err := p.b.Change(t.Context(), onSecondary, []Edit{set("queue", "sales", Body{"skill": "French"})}, How{}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := drifted()
	f, _ := p.sync(t)
	p.agrees(t, f)

	p = drifted()
	p.a.change(t, set("queue", "help", Body{}))
	f, ops := p.plan(t, func(n Name) bool { return n.Key == "sales" })
	p.send(t, f, ops)
	if got := p.b.all(t); got["queue/sales"] != `{"skill":"French"}` || got["queue/help"] != `{}` {
		t.Errorf("kept, %v", got)
	}

	p = drifted()
	before := p.a.position(t)
	_, err := p.a.Change(t.Context(), bySync, []Edit{set("queue", "sales", Body{"skill": "French"})}, How{})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `queue/sales: there is no field "skill"`) || p.a.position(t) != before {
		t.Errorf("adopted: %v", err)
	}
}
