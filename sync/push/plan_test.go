package push

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/admin"
)

func queueKind(t *testing.T) admin.Kind {
	t.Helper()
	k, ok := admin.KindNamed("queue")
	if !ok {
		t.Fatal("there is no kind queue")
	}
	return k
}

func TestColumnsTellOldAndNew(t *testing.T) {
	kind := admin.Kind{Name: "k", Fields: []admin.Field{
		{Name: "title", Type: admin.Text},
		{Name: "seconds", Type: admin.Integer, Default: int64(20)},
		{Name: "names", Type: admin.List},
		{Name: "on", Type: admin.Bool},
	}}
	full := admin.Body{"title": "Sales", "seconds": int64(30), "names": []string{"a", "b"}, "on": true}
	for name, c := range map[string]struct {
		before, after admin.Body
		want          []Column
	}{
		"nothing":       {full, full, nil},
		"added":         {nil, admin.Body{"title": "x"}, []Column{{"title", nil, "x"}}},
		"removed":       {admin.Body{"on": true}, nil, []Column{{"on", true, nil}}},
		"to a default":  {full, admin.Body{"title": "Sales", "names": []string{"a", "b"}, "on": true}, []Column{{"seconds", int64(30), int64(20)}}},
		"within a list": {full, admin.Body{"title": "Sales", "seconds": int64(30), "names": []string{"b"}, "on": true}, []Column{{"names", []string{"a", "b"}, []string{"b"}}}},
		"two in order":  {admin.Body{}, admin.Body{"on": true, "title": "y"}, []Column{{"title", "", "y"}, {"on", false, true}}},
		"of a newer version, behind the rest": {
			admin.Body{"zoom": int64(1), "area": "x"},
			admin.Body{"on": true, "zoom": int64(2)},
			[]Column{{"on", false, true}, {"area", "x", nil}, {"zoom", int64(1), int64(2)}},
		},
		"of another type": {admin.Body{"zoom": []string{"x"}}, admin.Body{"zoom": "x"}, []Column{{"zoom", []string{"x"}, "x"}}},
	} {
		if diff := cmp.Diff(c.want, Columns(kind, c.before, c.after)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// planOf makes a plan of what was edited, one row of each sort.
func planOf(t *testing.T, c Choices) *Plan {
	t.Helper()
	p := pair{map[admin.Name]string{}, map[admin.Name]string{}, map[admin.Name]string{}}
	for key, texts := range map[string][3]string{
		"added": {"", "a", ""}, "changed": {"a", "b", "a"}, "removed": {"a", "", "a"}, "equal": {"a", "b", "b"},
		"drift": {"a", "a", "b"}, "drift-new": {"", "", "b"}, "drift-gone": {"a", "a", ""},
		"conflict": {"a", "b", "c"}, "gone-there": {"a", "b", ""}, "gone-here": {"a", "", "c"},
	} {
		name := admin.Name{Kind: "queue", Key: key}
		p.base[name], p.ours[name], p.theirs[name] = texts[0], texts[1], texts[2]
	}
	plan := &Plan{}
	plan.Primary, plan.Secondary = hellos()
	decisions := p.decide(c)
	plan.Unused = unused(decisions, c)
	for _, d := range decisions {
		plan.Rows = append(plan.Rows, newRow(queueKind(t), d, said(p.ours[d.Name]), said(p.theirs[d.Name])))
	}
	return plan
}

func TestAPlanStopsUntilAllIsChosen(t *testing.T) {
	side := func(s Side, keys ...string) map[admin.Name]Side {
		m := map[admin.Name]Side{}
		for _, key := range keys {
			m[admin.Name{Kind: "queue", Key: key}] = s
		}
		return m
	}
	all := []string{"conflict", "gone-there", "gone-here"}
	for _, c := range []struct {
		choices Choices
		want    error
		open    int
		sum     Summary
	}{
		{Choices{}, ErrConflict, 6, Summary{Tally: Tally{1, 1, 1}, Open: 6}},
		{Choices{Drift: DriftKeep}, ErrConflict, 3, Summary{Tally: Tally{1, 1, 1}, Open: 3}},
		{Choices{Drift: DriftKeep, Resolve: side(Primary, all[:2]...)}, ErrConflict, 1, Summary{Tally: Tally{2, 2, 1}, Open: 1}},
		{Choices{Resolve: side(Primary, all...)}, ErrDrift, 3, Summary{Tally: Tally{2, 2, 2}, Open: 3}},
		{Choices{Drift: DriftKeep, Resolve: side(Primary, all...)}, nil, 0, Summary{Tally: Tally{2, 2, 2}}},
		{Choices{Drift: DriftOverwrite, Resolve: side(Primary, all...)}, nil, 0, Summary{Tally: Tally{3, 3, 3}}},
		{Choices{Drift: DriftAdopt, Resolve: side(Secondary, all...)}, nil, 0, Summary{Tally: Tally{1, 1, 1}, Here: Tally{2, 2, 2}}},
	} {
		p := planOf(t, c.choices)
		if err := p.Check(0); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%v: %v: want %v", c.choices, err, c.want)
		}
		c.sum.Kind, c.sum.Agreed, c.sum.Drift, c.sum.Conflicts = "queue", 1, 3, 3
		if diff := cmp.Diff([]Summary{c.sum}, p.Summary()); diff != "" {
			t.Errorf("%v (-want +got)\n%s", c.choices, diff)
		}
		if len(p.Open()) != c.open || p.Empty() || len(p.Unused) > 0 {
			t.Errorf("%v: %d are open, unused %v", c.choices, len(p.Open()), p.Unused)
		}
	}
	p := planOf(t, Choices{Resolve: side(Primary, "drift", "nothing")})
	if want := []admin.Name{{Kind: "queue", Key: "drift"}, {Kind: "queue", Key: "nothing"}}; !slices.Equal(p.Unused, want) {
		t.Errorf("unused: %v, want %v", p.Unused, want)
	}
}

func TestRowsShowWhatBecomesOfThem(t *testing.T) {
	p := planOf(t, Choices{Drift: DriftAdopt, Resolve: map[admin.Name]Side{{Kind: "queue", Key: "conflict"}: Primary}})
	type seen struct {
		there, here, seen Move
		old, will         string
	}
	want := map[string]seen{
		"added":      {Added, None, None, "", "a"},
		"changed":    {Changed, None, None, "a", "b"},
		"removed":    {Removed, None, None, "a", ""},
		"equal":      {None, None, Changed, "b", "b"},
		"drift":      {None, Changed, Changed, "a", "b"},
		"drift-new":  {None, Added, Added, "", "b"},
		"drift-gone": {None, Removed, Removed, "a", ""},
		"conflict":   {Changed, None, Changed, "c", "b"},
		"gone-there": {None, None, Removed, "b", ""},
		"gone-here":  {None, None, Changed, "", "c"},
	}
	for _, r := range p.Rows {
		got := seen{r.There, r.Here, r.Seen(), r.Before.Text("title"), r.After.Text("title")}
		if got != want[r.Key] {
			t.Errorf("%s: %+v, want %+v", r.Key, got, want[r.Key])
		}
		if len(r.Columns) != len(Columns(queueKind(t), r.Before, r.After)) {
			t.Errorf("%s: %d columns", r.Key, len(r.Columns))
		}
	}
	if len(p.Rows) != len(want) {
		t.Errorf("%d rows, want %d", len(p.Rows), len(want))
	}
}

func TestAPlanIsEmptyWhenNothingMoves(t *testing.T) {
	p := &Plan{}
	p.Primary, p.Secondary = hellos()
	if !p.Empty() {
		t.Error("nothing was edited, and it is not empty")
	}
	kept := Decision{Finding: Drifted, Action: Keep, Theirs: h("a")}
	if p.Rows = []Row{newRow(admin.Kind{}, kept, nil, said("a"))}; !p.Empty() {
		t.Error("what is kept moves something")
	}
	p.Secondary.Position.BaseGeneration--
	if p.Empty() {
		t.Error("their bases differ, and it is empty")
	}
	p.Primary.Position.BaseGeneration, p.Secondary.Position.BaseGeneration = 0, 0
	if p.Empty() {
		t.Error("they have no base, and it is empty")
	}
}

func TestAPlanIsOneDocument(t *testing.T) {
	text, err := json.Marshal(planOf(t, Choices{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"kind":"queue"`, `"finding":"conflict"`, `"action":"stop"`, `"there":"removed"`, `"columns":[{"field":"title"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}
