package push

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
)

// hellos returns what a pair says of itself between which rows may go.
func hellos() (ours, theirs bundle.Hello) {
	base := admin.Position{Catalogue: 2, Generation: 9, BaseGeneration: 7, BaseRoot: admin.Root{7}, Rows: 100}
	ours = bundle.Hello{
		Server: "A", Name: "cms-a", Pair: "P", Role: node.Primary, Epoch: 3, Position: base,
		Rows: map[string]int64{"queue": 100},
	}
	theirs = ours
	theirs.Server, theirs.Name, theirs.Role = "B", "cms-b", node.Secondary
	return ours, theirs
}

func TestWhoMayNotSync(t *testing.T) {
	for name, c := range map[string]struct {
		change func(ours, theirs *bundle.Hello)
		want   error
		says   string
	}{
		"as it should be":     {func(_, _ *bundle.Hello) {}, nil, ""},
		"of another pair":     {func(_, theirs *bundle.Hello) { theirs.Pair = "Q" }, ErrPair, `cms-b of "Q"`},
		"alone":               {func(ours, theirs *bundle.Hello) { ours.Pair, theirs.Pair = "", "" }, ErrPair, ""},
		"with itself":         {func(ours, theirs *bundle.Hello) { theirs.Server = ours.Server }, ErrPair, ""},
		"from the secondary":  {func(ours, theirs *bundle.Hello) { ours.Role, theirs.Role = theirs.Role, ours.Role }, ErrRole, "the primary is cms-b"},
		"two secondaries":     {func(ours, _ *bundle.Hello) { ours.Role = node.Secondary }, ErrRole, "neither"},
		"two primaries":       {func(_, theirs *bundle.Hello) { theirs.Role = node.Primary }, ErrRole, "primary too"},
		"no role":             {func(_, theirs *bundle.Hello) { theirs.Role = "king" }, ErrUntrusted, "king"},
		"after a switch-over": {func(_, theirs *bundle.Hello) { theirs.Epoch++ }, ErrEpoch, "epoch 4"},
		"it is behind":        {func(_, theirs *bundle.Hello) { theirs.Epoch-- }, nil, ""},
		"one version newer":   {func(_, theirs *bundle.Hello) { theirs.Position.Catalogue++ }, nil, ""},
		"one version older":   {func(_, theirs *bundle.Hello) { theirs.Position.Catalogue-- }, nil, ""},
		"two versions newer":  {func(_, theirs *bundle.Hello) { theirs.Position.Catalogue += 2 }, ErrVersion, "2 on cms-a and 4 on cms-b"},
		"two versions older":  {func(_, theirs *bundle.Hello) { theirs.Position.Catalogue -= 2 }, ErrVersion, ""},
		"a count below zero":  {func(_, theirs *bundle.Hello) { theirs.Position.Rows = -1 }, ErrUntrusted, ""},
		"a vast generation":   {func(_, theirs *bundle.Hello) { theirs.Position.Generation = 1 << 60 }, ErrUntrusted, ""},
		"a name without end":  {func(_, theirs *bundle.Hello) { theirs.Name = strings.Repeat("x", 257) }, ErrUntrusted, "257"},
		"a name that colours": {func(_, theirs *bundle.Hello) { theirs.Name, theirs.Epoch = "\x1b[31m", 9 }, ErrEpoch, `\x1b[31m has`},
	} {
		ours, theirs := hellos()
		c.change(&ours, &theirs)
		err := CheckHello(ours, theirs)
		if !errors.Is(err, c.want) || err != nil && (c.want == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s: %v: want %v, %q", name, err, c.want, c.says)
		}
	}
}

func TestWhereTheyMeet(t *testing.T) {
	at := func(g int64) Ground { return Ground{g, admin.Root{byte(g)}} }
	position := func(g int64) admin.Position {
		return admin.Position{BaseGeneration: g, BaseRoot: at(g).Root}
	}
	for name, c := range map[string]struct {
		ours admin.Position
		told Ground
		held bool
		want Ground
	}{
		"on the same base":                {position(7), at(7), false, at(7)},
		"never":                           {position(0), Ground{}, false, Ground{}},
		"it never agreed on anything":     {position(7), Ground{}, true, Ground{}},
		"on its older one, held here":     {position(7), at(5), true, at(5)},
		"not on one that is not held":     {position(7), at(5), false, Ground{}},
		"not on one of the same number":   {position(7), Ground{7, admin.Root{9}}, false, Ground{}},
		"nor when we have none ourselves": {position(0), at(5), false, Ground{}},
	} {
		if got := meet(c.ours, c.told, c.held); got != c.want {
			t.Errorf("%s: %v: want %v", name, got, c.want)
		}
	}
}

func TestAFirstSyncIsAskedFor(t *testing.T) {
	ours, theirs := hellos()
	err := checkFirst(ours, theirs, false)
	if !errors.Is(err, ErrFirst) || !strings.Contains(err.Error(), "100 rows, cms-b has 100") {
		t.Errorf("not asked for: %v", err)
	}
	if err := checkFirst(ours, theirs, true); err != nil {
		t.Errorf("asked for: %v", err)
	}
	theirs.Position.Rows = 0
	if err := checkFirst(ours, theirs, false); err != nil {
		t.Errorf("with nothing to lose: %v", err)
	}
}

// deleting is a plan that deletes rows of a kind on both sides.
func deleting(there, here, of int) *Plan {
	p := &Plan{}
	p.Primary, p.Secondary = hellos()
	p.Primary.Rows = map[string]int64{"queue": int64(of)}
	p.Secondary.Rows = p.Primary.Rows
	for i := range there + here {
		d := Decision{Name: admin.Name{Kind: "queue", Key: fmt.Sprint(i)}, Finding: Edited, Action: Push, Base: h("a"), Theirs: h("a")}
		if i >= there {
			d.Finding, d.Action, d.Ours, d.Theirs = Drifted, Adopt, h("a"), h("")
		}
		p.Rows = append(p.Rows, newRow(admin.Kind{}, d, nil, nil))
	}
	return p
}

func TestBigDeletes(t *testing.T) {
	for _, c := range []struct {
		there, here, of, allowed int
		refused                  bool
	}{
		{10, 0, 10, 0, false}, // all ten: not more than ten
		{11, 0, 55, 0, false}, // 20 %: not more
		{11, 0, 54, 0, true},
		{11, 0, 0, 0, true}, // it says that there are none
		{11, 0, 54, 10, true},
		{11, 0, 54, 11, false},
		{0, 11, 54, 0, true}, // what is adopted deletes here
		{6, 6, 12, 0, false}, // neither side alone
		{11, 5, 54, 11, true},
		{11, 5, 54, 16, false},
	} {
		p := deleting(c.there, c.here, c.of)
		err := p.Check(c.allowed)
		if c.refused != errors.Is(err, ErrDeletes) || !c.refused && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("--allow-deletes %d", c.there+c.here)) {
			t.Errorf("%+v: %v: it does not say how many", c, err)
		}
	}
}
