package bundle

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
)

// Both sides ask, and hear the same of the same two servers.
func TestWhoMaySendToWhom(t *testing.T) {
	for name, c := range map[string]struct {
		change func(from, to *Hello)
		want   error
		says   string
	}{
		"the primary to its secondary": {func(_, _ *Hello) {}, nil, ""},
		"the secondary to the primary": {func(from, to *Hello) { from.Role, to.Role = to.Role, from.Role }, ErrRole, "the primary is cms-b"},
		"two secondaries":              {func(from, _ *Hello) { from.Role = node.Secondary }, ErrRole, "neither cms-a nor cms-b"},
		"two primaries":                {func(_, to *Hello) { to.Role = node.Primary }, ErrRole, "cms-b is primary too"},
		"a primary of long ago":        {func(from, _ *Hello) { from.Epoch-- }, ErrEpoch, "cms-b has seen epoch 3, cms-a 2"},
		"a secondary that is behind":   {func(_, to *Hello) { to.Epoch-- }, nil, ""},
		"strangers":                    {func(from, _ *Hello) { from.Pair = "\x1b[2J" }, ErrPair, `"\x1b[2J"`},
		"two that are alone":           {func(from, to *Hello) { from.Pair, to.Pair = "", "" }, ErrPair, ""},
		"a server to itself":           {func(from, to *Hello) { from.Server = to.Server }, ErrPair, ""},
		"one version apart":            {func(from, _ *Hello) { from.Position.Catalogue++ }, nil, ""},
		"two versions apart":           {func(from, _ *Hello) { from.Position.Catalogue -= 2 }, ErrVersion, "0 on cms-a and 2 on cms-b"},
		"a count below zero":           {func(from, _ *Hello) { from.Position.Pending = -1 }, ErrUntrusted, ""},
		"an epoch without end":         {func(from, _ *Hello) { from.Epoch = 1 << 60 }, ErrUntrusted, ""},
		"a third role":                 {func(_, to *Hello) { to.Role = "king" }, ErrUntrusted, "king"},
		"a name without end":           {func(from, _ *Hello) { from.Name = strings.Repeat("x", 1000) }, ErrUntrusted, "1000"},
	} {
		from := Hello{Server: "A", Name: "cms-a", Pair: "P", Role: node.Primary, Epoch: 3, Position: admin.Position{Catalogue: 2}}
		to := from
		to.Server, to.Name, to.Role = "B", "cms-b", node.Secondary
		c.change(&from, &to)
		err := errors.Join(from.Check(), to.Check())
		if err == nil {
			err = Direction(from, to)
		}
		if !errors.Is(err, c.want) || err != nil && (c.want == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s: %v: want %v, %q", name, err, c.want, c.says)
		}
	}
}
